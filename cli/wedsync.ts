#!/usr/bin/env node
import { Command } from 'commander';

const program = new Command('wedsync').description('WedSync Journeys');
await program.parseAsync();
