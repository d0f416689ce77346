import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * What an admin can ask Temporal for, over all executions. Values stand there in clear text: ids, words and dates
 * only, never anything that tells who the couple is.
 */
export const searchAttributes = {
  organizationId: defineSearchAttributeKey('OrganizationId', SearchAttributeType.KEYWORD),
  journeyId: defineSearchAttributeKey('JourneyId', SearchAttributeType.KEYWORD),
  clientId: defineSearchAttributeKey('ClientId', SearchAttributeType.KEYWORD),
  journeyStatus: defineSearchAttributeKey('JourneyStatus', SearchAttributeType.KEYWORD),
  currentStep: defineSearchAttributeKey('CurrentStep', SearchAttributeType.KEYWORD),
  nextDueAt: defineSearchAttributeKey('NextDueAt', SearchAttributeType.DATETIME),
  weddingDate: defineSearchAttributeKey('WeddingDate', SearchAttributeType.DATETIME),
  journeyVersion: defineSearchAttributeKey('JourneyVersion', SearchAttributeType.INT),
  blocked: defineSearchAttributeKey('Blocked', SearchAttributeType.BOOL),
} as const;
