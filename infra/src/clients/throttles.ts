// How much each route may be asked, of all people together: API Gateway knows no tenants, and keeps to it roughly. What one
// tenant may ask is for the functions to count.

/** Requests a second, and how many may come at once. Those beyond are answered 429. */
export interface Throttle {
  rate: number;
  burst: number;
}

/** Of each HTTP route that stands nowhere below. */
export const USUAL: Throttle = { rate: 200, burst: 400 };

/**
 * What needs no token: what the page asks for before anybody has signed in, and what describes the API. Their throttles are
 * their own, so that a stranger without end takes nothing from people who have signed in, and costs a few dollars a day.
 */
export const PUBLIC: Record<string, Throttle> = {
  // Once for each page that is opened.
  "GET /api/config": { rate: 50, burst: 100 },
  "GET /api/health": { rate: 10, burst: 20 },
  "GET /api/openapi.json": { rate: 5, burst: 10 },
  "GET /api/docs": { rate: 5, burst: 10 },
};

/** A browser asks whether it may ask, where other origins are named. */
export const PREFLIGHT: Record<string, Throttle> = {
  "OPTIONS /api/{proxy+}": { rate: 50, burst: 100 },
};

/** What costs more than a few reads. Each is an address of functions/api/src/routes.rs. */
export const COSTLY: Record<string, Throttle> = {
  // A list of up to 4 MB is parsed.
  "POST /api/codes": { rate: 5, burst: 10 },
  // A file is read and a page of it drawn: seconds of a processor.
  "GET /api/scans/{id}/files/{index}/pages/{page}": { rate: 20, burst: 40 },
  "GET /api/scans/{id}/matches/{match}/evidence": { rate: 20, burst: 40 },
  // Up to a thousand links are signed and as many files noted.
  "POST /api/uploads/{id}/files": { rate: 20, burst: 40 },
  // A record, an event, and all that follows it.
  "POST /api/statements/files": { rate: 50, burst: 100 },
  // Up to 20,000 rows; sums and names over all months of a tenant.
  "GET /api/statements/transactions.csv": { rate: 5, burst: 10 },
  "GET /api/statements/figures": { rate: 50, burst: 100 },
  "GET /api/statements/facets": { rate: 50, burst: 100 },
  // Expressions are compiled.
  "PUT /api/statements/rules": { rate: 5, burst: 10 },
  // All that came of one is looked for and removed.
  "DELETE /api/scans/{id}": { rate: 10, burst: 20 },
  "DELETE /api/statements/files/{id}": { rate: 10, burst: 20 },
  // Every dead-letter queue is received from.
  "GET /api/dead-letters": { rate: 10, burst: 20 },
  "POST /api/dead-letters/redrive": { rate: 2, burst: 4 },
  // Each may become a connection.
  "POST /api/tickets": { rate: 50, burst: 100 },
};

/** Frames of all connections together. */
export const FRAMES: Throttle = { rate: 500, burst: 1_000 };

/**
 * The routes of the WebSocket API. Whoever knows the address may knock, with a ticket or without: AWS asks the authorizer
 * about each. Leaving is never held up, or connections would be kept that are gone.
 */
export const SOCKET: Record<string, Throttle> = {
  $connect: { rate: 50, burst: 100 },
  $disconnect: { rate: 1_000, burst: 2_000 },
  $default: FRAMES,
};

/**
 * As a stage takes them, by route. What is not said of a route there is not what the stage says of all: `metrics` of its own,
 * of which each is paid for.
 */
export function routeSettings(throttles: Record<string, Throttle>, metrics: boolean): Record<string, object> {
  return Object.fromEntries(
    Object.entries(throttles).map(([route, { rate, burst }]) => [
      route,
      { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst, DetailedMetricsEnabled: metrics },
    ]),
  );
}
