import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import type { TwilioAccount } from './twilio-endpoint.ts';

const sidParams = z.object({ sid: z.string().regex(/^HX[0-9a-fA-F]{32}$/) });
const approvalSchema = z.strictObject({
  status: z.enum(['unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled']),
  rejectionReason: z.string().max(500).default(''),
});
export type InboxApproval = z.infer<typeof approvalSchema>;

const APPROVED: InboxApproval = { status: 'approved', rejectionReason: '' };

/**
 * Twilio's `ApprovalRequests` of content templates as the real SDK asks for them. Every template is approved until
 * `PUT /api/approvals/<sid>` says something else.
 */
export async function contentEndpoint(
  server: FastifyInstance,
  { account, approvals }: { account: TwilioAccount; approvals: Map<string, InboxApproval> },
): Promise<void> {
  server.get('/v1/Content/:sid/ApprovalRequests', async (request, reply) => {
    const expected = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      return reply.code(401).send({ code: 20003, message: 'Authenticate', status: 401 });
    }
    const { sid } = sidParams.parse(request.params);
    const { status, rejectionReason } = approvals.get(sid) ?? APPROVED;
    return {
      sid,
      account_sid: account.accountSid,
      whatsapp: {
        type: 'whatsapp',
        name: sid.toLowerCase(),
        category: 'UTILITY',
        content_type: 'twilio/text',
        status,
        rejection_reason: rejectionReason,
        allow_category_change: true,
      },
      url: `https://content.twilio.com/v1/Content/${sid}/ApprovalRequests`,
    };
  });
  server.put('/api/approvals/:sid', async (request) => {
    const approval = approvalSchema.parse(request.body);
    approvals.set(sidParams.parse(request.params).sid, approval);
    return approval;
  });
}
