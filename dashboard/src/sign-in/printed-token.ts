// The address that `riffle serve` prints contains its token after `#`. A browser that already has a session opens the
// page with it: the token is removed from the address, where others could read it.

export function dropPrintedToken(): void {
  if (location.hash.startsWith("#token=")) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
