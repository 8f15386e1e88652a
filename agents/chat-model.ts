// The chat model behind whatever thinks with one: loaded by name, its failures as errors of ours. Its package is loaded when it is needed, and not before.
import { AppError, ExternalError } from '#src/domain/errors.ts';

/** Which model, and how it is reached. */
export interface ChatModelOptions {
  /** `provider:name`, as initChatModel reads it. */
  model: string;
  /** Address of an OpenAI-compatible server, or of the provider behind a proxy; null for the provider's own. */
  baseUrl: string | null;
  apiKey: string | null;
}

const PACKAGES: Record<string, string> = {
  openai: '@langchain/openai',
  anthropic: '@langchain/anthropic',
  'google-genai': '@langchain/google-genai',
  mistralai: '@langchain/mistralai',
  groq: '@langchain/groq',
  aws: '@langchain/aws',
  ollama: '@langchain/ollama',
};

/** Loads the provider's package: a missing one is told at once by AppError('bad_config'). */
export async function loadChatModel(options: ChatModelOptions) {
  const provider = options.model.split(':')[0]!;
  const install = PACKAGES[provider];
  if (!options.model.includes(':') || !install) {
    throw new AppError(
      'bad_config',
      `MODEL must be provider:name with one of these providers: ${Object.keys(PACKAGES).join(', ')}. It is "${options.model}".`,
    );
  }
  // Loaded here and not above: the built-in analyst should not pay for a library that it does not use.
  const { initChatModel } = await import('langchain');
  try {
    return await initChatModel(options.model, {
      // A key that is empty makes the provider's library look into the environment, which is not its business.
      apiKey: options.apiKey ?? 'none',
      maxRetries: 0,
      temperature: 0,
      ...(options.baseUrl ? { configuration: { baseURL: options.baseUrl }, baseUrl: options.baseUrl } : {}),
    });
  } catch (cause) {
    throw new AppError(
      'bad_config',
      `MODEL=${options.model} needs the package ${install}: npm install ${install}. Without MODEL, the built-in analyst works.`,
      { cause },
    );
  }
}

interface HttpFailure {
  status?: unknown;
  name?: unknown;
  headers?: { get?(name: string): string | null };
}

/** What kept a model from answering, as an error of ours. */
export function modelError(error: unknown, operation: string, model: string): ExternalError {
  const failure = (typeof error === 'object' && error !== null ? error : {}) as HttpFailure;
  const status = typeof failure.status === 'number' ? failure.status : null;
  const retryAfter = Number(failure.headers?.get?.('retry-after'));
  const common = { system: 'model', operation, status, cause: error };
  if (status === 401 || status === 403) {
    return new ExternalError(
      'unauthorized',
      `${model} refused the key: check the provider's key and its rights.`,
      common,
    );
  }
  if (status === 429) {
    const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : null;
    return new ExternalError('rate_limited', `${model} is asked too often.`, {
      ...common,
      retryable: true,
      retryAfterMs,
    });
  }
  if (status !== null && status >= 400 && status < 500 && status !== 408) {
    return new ExternalError('bad_request', `${model} does not accept the request (HTTP ${status}).`, common);
  }
  if (failure.name === 'TimeoutError' || failure.name === 'AbortError' || status === 408) {
    return new ExternalError('timeout', `${model} did not answer in time.`, { ...common, retryable: true });
  }
  return new ExternalError('unavailable', `${model} cannot be reached or failed.`, { ...common, retryable: true });
}
