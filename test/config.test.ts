import { expect, it } from 'vitest';
import { describeProblems, modeOf, readConfig } from '#src/config.ts';

it('reports every problem at once, with its fix, and never prints a secret', () => {
  const result = readConfig({
    SLACK_BOT_TOKEN: 'xoxp-secret',
    PORT: 'eighty',
    SLACK_API_URL: 'https://slack.com/',
    MASTER_KEY: 'c2hvcnQ=',
  });
  if (result.ok) throw new Error('should have been refused');
  expect(result.problems.map((problem) => problem.name)).toEqual([
    'SLACK_BOT_TOKEN',
    'SLACK_API_URL',
    'MASTER_KEY',
    'PORT',
  ]);
  const text = describeProblems(result.problems);
  expect(text).toContain('4 problems');
  expect(text).toContain('must start with xoxb-');
  expect(text).not.toContain('xoxp-secret');
  expect(text).not.toContain('c2hvcnQ=');
});

it('starts the sandbox only when there is no credential at all', () => {
  const mode = (env: Record<string, string>) => {
    const result = readConfig(env);
    return result.ok ? modeOf(result.config) : 'refused';
  };
  expect(mode({})).toBe('sandbox');
  expect(mode({ OPENAI_API_KEY: 'k', MODEL: 'openai:x', SUPPORT_CHANNELS: 'support' })).toBe('sandbox');
  expect(mode({ LINEAR_API_KEY: 'lin_api_1' })).toBe('incomplete');
  expect(mode({ SLACK_BOT_TOKEN: 'xoxb-1' })).toBe('incomplete');
  expect(mode({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: '12345678' })).toBe('bot');
  expect(mode({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' })).toBe('bot');
});
