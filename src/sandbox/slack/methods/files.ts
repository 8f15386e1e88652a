// files.*: uploads in two steps, with the real bytes kept.
import type { SlackFile } from '../model.ts';
import { isFields } from '../schema.ts';
import { fileShape } from '../shapes.ts';
import { byApp, type SlackState } from '../state.ts';
import { contentOf } from './content.ts';
import {
  type Arguments,
  int,
  joined,
  type Method,
  type MethodContext,
  messageIn,
  page,
  Refusal,
  text,
} from './method.ts';

const MIMETYPES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  csv: 'text/csv',
  json: 'application/json',
  txt: 'text/plain',
  md: 'text/markdown',
};

// Slack takes an upload at once and looks through it afterwards; the first message that shows it comes too early, as a rule.
const UNREADY_TIMES = 1;

/** The methods about files. */
export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': {
    args: { filename: 'string!', length: 'integer!', alt_text: 'string', alt_txt: 'string', snippet_type: 'string' },
    scopes: ['files:write'],
    reads: true,
    handle(context, args) {
      const length = int(args, 'length') ?? 0;
      if (length < 1) throw new Refusal('invalid_arguments');
      const file = newFile(context.state, {
        name: text(args, 'filename') ?? 'file',
        user: context.state.app.botUserId,
        size: length,
        altText: text(args, 'alt_text') ?? text(args, 'alt_txt') ?? '',
      });
      return { upload_url: `${context.origin()}/upload/v1/${file.id}`, file_id: file.id };
    },
  },
  'files.completeUploadExternal': {
    args: {
      files: 'json!',
      channel_id: 'string',
      channels: 'string',
      thread_ts: 'ts',
      initial_comment: 'string',
      blocks: 'json',
    },
    scopes: ['files:write'],
    handle(context, args) {
      const wanted = Array.isArray(args.files) ? args.files.filter(isFields) : [];
      if (wanted.length === 0) throw new Refusal('invalid_arguments');
      const files = wanted.map(({ id, title }) => {
        const file = context.state.files.get(String(id));
        if (!file?.bytes) throw new Refusal('file_not_found');
        if (typeof title === 'string') file.title = title;
        return file;
      });
      const places = [text(args, 'channel_id'), ...(text(args, 'channels')?.split(',') ?? [])].filter(
        (one) => one !== undefined,
      );
      for (const place of new Set(places)) share(context, args, place, files);
      for (const file of files) {
        file.complete = true;
        context.state.tell({ kind: 'file', file });
      }
      return { files: files.map((file) => fileShape(file, context.state, context.origin())) };
    },
  },
  'files.info': {
    args: { file: 'string!', count: 'string', page: 'string', cursor: 'string', limit: 'integer' },
    scopes: ['files:read'],
    reads: true,
    handle: (context, args) => ({
      file: fileShape(fileOf(context, args), context.state, context.origin()),
      comments: [],
      response_metadata: { next_cursor: '' },
    }),
  },
  'files.list': {
    args: {
      channel: 'string',
      user: 'string',
      types: 'string',
      count: 'integer',
      page: 'integer',
      ts_from: 'ts',
      ts_to: 'ts',
      show_files_hidden_by_limit: 'boolean',
    },
    scopes: ['files:read'],
    reads: true,
    handle(context, args) {
      const channel = text(args, 'channel');
      const user = text(args, 'user');
      const all = [...context.state.files.values()].filter(
        (file) =>
          file.complete &&
          (!channel || file.shares.some((one) => one.channel === channel)) &&
          (!user || file.user === user),
      );
      const count = int(args, 'count') ?? 100;
      const number = int(args, 'page') ?? 1;
      const { items } = page(all.slice((number - 1) * count), { limit: count }, { limit: 100, max: 1000 });
      return {
        files: items.map((file) => fileShape(file, context.state, context.origin())),
        paging: { count, total: all.length, page: number, pages: Math.ceil(all.length / count) },
      };
    },
  },
  'files.delete': {
    args: { file: 'string!' },
    scopes: ['files:write'],
    handle(context, args) {
      const file = fileOf(context, args);
      if (file.user !== context.state.app.botUserId) throw new Refusal('cant_delete_file');
      context.state.files.delete(file.id);
      return {};
    },
  },
};

/** Registers a file that has no bytes yet. */
export function newFile(
  state: SlackState,
  given: { name: string; user: string; size: number; altText?: string; mimetype?: string },
): SlackFile {
  const filetype = given.name.includes('.') ? given.name.split('.').at(-1)!.toLowerCase() : 'txt';
  const file: SlackFile = {
    id: state.nextId('F'),
    name: given.name,
    title: given.name,
    mimetype: given.mimetype ?? MIMETYPES[filetype] ?? 'application/octet-stream',
    filetype,
    size: given.size,
    user: given.user,
    created: state.nowSeconds(),
    bytes: null,
    complete: false,
    unready: UNREADY_TIMES,
    altText: given.altText ?? '',
    shares: [],
  };
  state.files.set(file.id, file);
  return file;
}

function share(context: MethodContext, args: Arguments, place: string, files: SlackFile[]): void {
  const { state } = context;
  const channel = joined(context, place);
  const comment = text(args, 'initial_comment');
  const content = comment || args.blocks ? contentOf(context, { text: comment, blocks: args.blocks }, 'post') : {};
  const threadTs = text(args, 'thread_ts');
  const root = threadTs === undefined ? null : messageIn(channel, threadTs);
  const message = state.post(channel, {
    ...byApp(state),
    subtype: 'file_share',
    text: '',
    ...content,
    upload: true,
    files: files.map((file) => fileShape(file, state, context.origin())),
    ...(root ? { thread_ts: root.ts } : {}),
  });
  for (const file of files) file.shares.push({ channel: channel.id, ts: message.ts });
}

function fileOf(context: MethodContext, args: Arguments): SlackFile {
  const file = context.state.files.get(text(args, 'file') ?? '');
  if (!file?.complete) throw new Refusal('file_not_found');
  return file;
}
