// The organization, its people and what it pays for.

import type { ColumnLists } from './column-lists.ts';

const BUSINESS_TYPES = [
  'photographer',
  'videographer',
  'venue',
  'caterer',
  'planner',
  'florist',
  'band',
  'dj',
  'cake',
  'hair_makeup',
  'transport',
  'stationery',
  'celebrant',
  'other',
] as const;
export type BusinessType = (typeof BUSINESS_TYPES)[number];

const PRICING_TIERS = ['free', 'starter', 'professional', 'scale', 'enterprise'] as const;
export type PricingTier = (typeof PRICING_TIERS)[number];

const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'cancelled'] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

const MEMBER_ROLES = ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

export const ORGANIZATIONS_COLUMNS: ColumnLists = {
  'organizations.business_type': { type: 'BusinessType', values: BUSINESS_TYPES },
  'organizations.pricing_tier': { type: 'PricingTier', values: PRICING_TIERS },
  'organizations.subscription_status': { type: 'SubscriptionStatus', values: SUBSCRIPTION_STATUSES },
  'user_profiles.role': { type: 'MemberRole', values: MEMBER_ROLES },
  'subscriptions.pricing_tier': { type: 'PricingTier', values: PRICING_TIERS },
  'subscriptions.status': { type: 'SubscriptionStatus', values: SUBSCRIPTION_STATUSES },
};
