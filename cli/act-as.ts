import type { LoginRole } from '../db/roles.ts';

/**
 * The administrator's address, with which a session works as one of our roles all the same: row security holds for what
 * a command does, as it does for the programs.
 */
export function actAs(adminUrl: string, role: LoginRole): string {
  const url = new URL(adminUrl);
  const settings = { role, search_path: 'app', timezone: 'UTC' };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set('options', [url.searchParams.get('options') ?? '', ...options].join(' ').trim());
  return url.toString();
}
