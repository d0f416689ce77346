import { LOGIN_ROLES, type RolePasswords } from '../../db/roles.ts';

/** The same for every role: the server lives as long as the test run, on this machine only. */
export const TEST_PASSWORD = 'test';
/** The migrated database that test databases are cloned from. */
export const TEMPLATE = 'wedsync_template';
export const TEST_PASSWORDS: RolePasswords = Object.fromEntries(LOGIN_ROLES.map((role) => [role, TEST_PASSWORD]));
