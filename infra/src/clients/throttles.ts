// Throttles of each route, for all users together: API Gateway does not know tenants and treats these as targets. The
// functions enforce the quotas of single tenants.

/** Requests per second, and the burst limit. API Gateway answers 429 to the rest. */
export interface Throttle {
  rate: number;
  burst: number;
}

/** For every HTTP route not listed below. */
export const USUAL: Throttle = { rate: 200, burst: 400 };

/**
 * Routes without a token: those that the page needs before sign-in, and the description of the API. With separate
 * throttles, clients without a token cannot take capacity from signed-in users, however much they send, and cost some
 * ten dollars a day.
 */
export const PUBLIC: Record<string, Throttle> = {
  // Requested each time the page is opened.
  "GET /api/config": { rate: 50, burst: 100 },
  "GET /api/health": { rate: 10, burst: 20 },
  "GET /api/openapi.json": { rate: 5, burst: 10 },
  "GET /api/docs": { rate: 5, burst: 10 },
};

/** Browsers send these first where other origins are configured. */
export const PREFLIGHT: Record<string, Throttle> = {
  "OPTIONS /api/{proxy+}": { rate: 50, burst: 100 },
};

/** Routes that cost more than a few reads. Each is a route of functions/api/src/routes.rs. */
export const COSTLY: Record<string, Throttle> = {
  // Parses a list of up to 4 MB.
  "POST /api/codes": { rate: 5, burst: 10 },
  // Reads a file and draws a page of it: seconds of processor time.
  "GET /api/scans/{id}/files/{index}/pages/{page}": { rate: 20, burst: 40 },
  "GET /api/scans/{id}/matches/{match}/evidence": { rate: 20, burst: 40 },
  // Stores up to a thousand files and signs a link for each.
  "POST /api/uploads/{id}/files": { rate: 20, burst: 40 },
  // Starts the whole processing of a statement.
  "POST /api/statements/files": { rate: 50, burst: 100 },
  // Up to 20,000 rows; all months of a tenant.
  "GET /api/statements/transactions.csv": { rate: 5, burst: 10 },
  "GET /api/statements/figures": { rate: 50, burst: 100 },
  "GET /api/statements/facets": { rate: 50, burst: 100 },
  // Compiles regular expressions.
  "PUT /api/statements/rules": { rate: 5, burst: 10 },
  // A request deletes everything that came from one scan or one file.
  "DELETE /api/scans/{id}": { rate: 10, burst: 20 },
  "DELETE /api/statements/files/{id}": { rate: 10, burst: 20 },
  // Receives from every dead-letter queue.
  "GET /api/dead-letters": { rate: 10, burst: 20 },
  "POST /api/dead-letters/redrive": { rate: 2, burst: 4 },
  // Each ticket opens a connection.
  "POST /api/tickets": { rate: 50, burst: 100 },
};

/** Frames from all connections together. */
export const FRAMES: Throttle = { rate: 500, burst: 1_000 };

/**
 * The routes of the WebSocket API. Anyone can try to connect, and each attempt with a ticket, valid or not, runs the
 * authorizer. $disconnect has room for all connections at once: a throttled one leaves its connection in the table.
 */
export const SOCKET: Record<string, Throttle> = {
  $connect: { rate: 50, burst: 100 },
  $disconnect: { rate: 1_000, burst: 2_000 },
  $default: FRAMES,
};

/**
 * Returns throttles as RouteSettings of a stage. RouteSettings replace all default settings of a route, so that they
 * also determine whether it has detailed metrics. AWS charges for each of those.
 */
export function routeSettings(throttles: Record<string, Throttle>, metrics: boolean): Record<string, object> {
  return Object.fromEntries(
    Object.entries(throttles).map(([route, { rate, burst }]) => [
      route,
      { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst, DetailedMetricsEnabled: metrics },
    ]),
  );
}
