// The address that `riffle serve` prints holds its token behind `#`. A browser that is remembered comes straight to the
// page with it: it is taken out of the address, where others could read it.

export function dropPrintedToken(): void {
  if (location.hash.startsWith("#token=")) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
