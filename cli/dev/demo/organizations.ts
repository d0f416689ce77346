import type { BusinessType } from '../../../db/domain.ts';

/** The three suppliers of the demo. Telephone numbers are from the range kept for fiction. */
export interface DemoOrganization {
  readonly slug: string;
  readonly name: string;
  readonly businessType: Extract<BusinessType, 'photographer' | 'caterer' | 'venue'>;
  readonly zone: string;
  readonly owner: { readonly firstName: string; readonly lastName: string; readonly email: string };
  readonly phone: string;
  /** Starter journeys that run for its couples. */
  readonly journeys: readonly string[];
}

export const DEMO_ORGANIZATIONS: readonly DemoOrganization[] = [
  {
    slug: 'wildflower-photography',
    name: 'Wildflower Photography',
    businessType: 'photographer',
    zone: 'Europe/London',
    owner: { firstName: 'Rosa', lastName: 'Whitlock', email: 'rosa@wildflower.example' },
    phone: '+44 7700 900801',
    journeys: ['photographer-full-day', 'photographer-enquiry'],
  },
  {
    slug: 'thyme-and-table',
    name: 'Thyme and Table Catering',
    businessType: 'caterer',
    zone: 'Europe/Dublin',
    owner: { firstName: 'Conor', lastName: 'Daly', email: 'conor@thyme.example' },
    phone: '+44 7700 900802',
    journeys: ['caterer', 'payment-collection'],
  },
  {
    slug: 'caerwyn-manor',
    name: 'Caerwyn Manor',
    businessType: 'venue',
    zone: 'Europe/London',
    owner: { firstName: 'Ffion', lastName: 'Pryce', email: 'ffion@caerwyn.example' },
    phone: '+44 7700 900803',
    journeys: ['venue', 'payment-collection'],
  },
];
