// The part of Linear's GraphQL schema that the simulator answers. Names, arguments and nullability are Linear's own (a test holds them to the
// published schema); what is not here fails as an unknown field, as it would in life.

/** The schema language text; `graphql` builds and enforces it. */
export const LINEAR_SDL = /* GraphQL */ `
scalar DateTime
scalar DateTimeOrDuration
scalar JSONObject

enum PaginationOrderBy { createdAt updatedAt }

interface Node { id: ID! }
interface ArchivePayload { lastSyncId: Float! success: Boolean! }

type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }

type Organization implements Node {
  id: ID!
  name: String!
  urlKey: String!
  createdAt: DateTime!
  updatedAt: DateTime!
}

type User implements Node {
  id: ID!
  name: String!
  displayName: String!
  email: String!
  active: Boolean!
  admin: Boolean!
  app: Boolean!
  guest: Boolean!
  isMe: Boolean!
  url: String!
  createdAt: DateTime!
  updatedAt: DateTime!
  organization: Organization!
}

type WorkflowState implements Node {
  id: ID!
  name: String!
  type: String!
  color: String!
  position: Float!
  description: String
  createdAt: DateTime!
  updatedAt: DateTime!
  team: Team!
}
type WorkflowStateEdge { cursor: String! node: WorkflowState! }
type WorkflowStateConnection { edges: [WorkflowStateEdge!]! nodes: [WorkflowState!]! pageInfo: PageInfo! }

type Team implements Node {
  id: ID!
  key: String!
  name: String!
  displayName: String!
  description: String
  color: String
  triageEnabled: Boolean!
  createdAt: DateTime!
  updatedAt: DateTime!
  archivedAt: DateTime
  defaultIssueState: WorkflowState
  organization: Organization!
  states(after: String, before: String, filter: WorkflowStateFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): WorkflowStateConnection!
}
type TeamEdge { cursor: String! node: Team! }
type TeamConnection { edges: [TeamEdge!]! nodes: [Team!]! pageInfo: PageInfo! }

type IssueLabel implements Node {
  id: ID!
  name: String!
  color: String!
  description: String
  isGroup: Boolean!
  createdAt: DateTime!
  updatedAt: DateTime!
  archivedAt: DateTime
  team: Team
  creator: User
}
type IssueLabelEdge { cursor: String! node: IssueLabel! }
type IssueLabelConnection { edges: [IssueLabelEdge!]! nodes: [IssueLabel!]! pageInfo: PageInfo! }

type Attachment implements Node {
  id: ID!
  url: String!
  title: String!
  subtitle: String
  metadata: JSONObject!
  groupBySource: Boolean!
  createdAt: DateTime!
  updatedAt: DateTime!
  archivedAt: DateTime
  issue: Issue!
  creator: User
}
type AttachmentEdge { cursor: String! node: Attachment! }
type AttachmentConnection { edges: [AttachmentEdge!]! nodes: [Attachment!]! pageInfo: PageInfo! }

type Comment implements Node {
  id: ID!
  body: String!
  url: String!
  issueId: String
  parentId: String
  createdAt: DateTime!
  updatedAt: DateTime!
  issue: Issue
  user: User
}
type CommentEdge { cursor: String! node: Comment! }
type CommentConnection { edges: [CommentEdge!]! nodes: [Comment!]! pageInfo: PageInfo! }

type Issue implements Node {
  id: ID!
  identifier: String!
  number: Float!
  title: String!
  description: String
  priority: Float!
  priorityLabel: String!
  url: String!
  branchName: String!
  labelIds: [String!]!
  trashed: Boolean
  createdAt: DateTime!
  updatedAt: DateTime!
  startedAt: DateTime
  completedAt: DateTime
  canceledAt: DateTime
  archivedAt: DateTime
  state: WorkflowState!
  team: Team!
  assignee: User
  creator: User
  labels(after: String, before: String, filter: IssueLabelFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): IssueLabelConnection!
  attachments(after: String, before: String, filter: AttachmentFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): AttachmentConnection!
  comments(after: String, before: String, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): CommentConnection!
}
type IssueEdge { cursor: String! node: Issue! }
type IssueConnection { edges: [IssueEdge!]! nodes: [Issue!]! pageInfo: PageInfo! }

type RateLimitResultPayload { allowedAmount: Float! period: Float! remainingAmount: Float! requestedAmount: Float! reset: Float! type: String! }
type RateLimitPayload { identifier: String kind: String! limits: [RateLimitResultPayload!]! }

input StringComparator {
  eq: String neq: String in: [String!] nin: [String!] eqIgnoreCase: String neqIgnoreCase: String
  contains: String containsIgnoreCase: String startsWith: String endsWith: String
}
input IDComparator { eq: ID neq: ID in: [ID!] nin: [ID!] }
input IssueIDComparator { eq: ID neq: ID in: [ID!] nin: [ID!] }
input BooleanComparator { eq: Boolean neq: Boolean }
input DateComparator {
  eq: DateTimeOrDuration neq: DateTimeOrDuration gt: DateTimeOrDuration gte: DateTimeOrDuration lt: DateTimeOrDuration lte: DateTimeOrDuration
}
input NullableDateComparator {
  eq: DateTimeOrDuration neq: DateTimeOrDuration gt: DateTimeOrDuration gte: DateTimeOrDuration lt: DateTimeOrDuration lte: DateTimeOrDuration null: Boolean
}
input TeamFilter { and: [TeamFilter!] or: [TeamFilter!] id: IDComparator key: StringComparator name: StringComparator }
input NullableTeamFilter { and: [NullableTeamFilter!] or: [NullableTeamFilter!] id: IDComparator key: StringComparator name: StringComparator null: Boolean }
input WorkflowStateFilter { and: [WorkflowStateFilter!] or: [WorkflowStateFilter!] id: IDComparator name: StringComparator type: StringComparator team: TeamFilter }
input IssueLabelFilter {
  and: [IssueLabelFilter!] or: [IssueLabelFilter!] id: IDComparator name: StringComparator isGroup: BooleanComparator team: NullableTeamFilter
}
input AttachmentFilter { and: [AttachmentFilter!] or: [AttachmentFilter!] id: IDComparator url: StringComparator title: StringComparator }
input IssueFilter {
  and: [IssueFilter!] or: [IssueFilter!] id: IssueIDComparator title: StringComparator team: TeamFilter state: WorkflowStateFilter
  createdAt: DateComparator updatedAt: DateComparator completedAt: NullableDateComparator archivedAt: NullableDateComparator
}

input IssueCreateInput {
  id: String teamId: String! title: String description: String priority: Int labelIds: [String!] stateId: String assigneeId: String createdAt: DateTime
}
input IssueUpdateInput {
  title: String description: String priority: Int labelIds: [String!] addedLabelIds: [String!] removedLabelIds: [String!] stateId: String assigneeId: String trashed: Boolean
}
input IssueLabelCreateInput { id: String name: String! color: String description: String teamId: String isGroup: Boolean }
input AttachmentCreateInput { id: String issueId: String! url: String! title: String! subtitle: String metadata: JSONObject groupBySource: Boolean }
input CommentCreateInput { id: String issueId: String parentId: String body: String }

type IssuePayload { issue: Issue lastSyncId: Float! success: Boolean! }
type IssueArchivePayload implements ArchivePayload { entity: Issue lastSyncId: Float! success: Boolean! }
type DeletePayload implements ArchivePayload { entityId: String! lastSyncId: Float! success: Boolean! }
type AttachmentPayload { attachment: Attachment! lastSyncId: Float! success: Boolean! }
type CommentPayload { comment: Comment! lastSyncId: Float! success: Boolean! }
type IssueLabelPayload { issueLabel: IssueLabel! lastSyncId: Float! success: Boolean! }

type Query {
  viewer: User!
  organization: Organization!
  team(id: String!): Team!
  teams(after: String, before: String, filter: TeamFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): TeamConnection!
  issueLabels(after: String, before: String, filter: IssueLabelFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): IssueLabelConnection!
  issue(id: String!): Issue!
  issues(after: String, before: String, filter: IssueFilter, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy): IssueConnection!
  attachmentsForURL(after: String, before: String, first: Int, includeArchived: Boolean, last: Int, orderBy: PaginationOrderBy, url: String!): AttachmentConnection!
  rateLimitStatus: RateLimitPayload!
}

type Mutation {
  issueCreate(input: IssueCreateInput!): IssuePayload!
  issueUpdate(id: String!, input: IssueUpdateInput!): IssuePayload!
  issueArchive(id: String!, trash: Boolean): IssueArchivePayload!
  issueDelete(id: String!, permanentlyDelete: Boolean): IssueArchivePayload!
  issueUnarchive(id: String!): IssueArchivePayload!
  issueLabelCreate(input: IssueLabelCreateInput!): IssueLabelPayload!
  attachmentCreate(input: AttachmentCreateInput!): AttachmentPayload!
  attachmentDelete(id: String!): DeletePayload!
  commentCreate(input: CommentCreateInput!): CommentPayload!
}
`;
