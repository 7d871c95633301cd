// Reads the token from the fragment of the address, which browsers never send to a server, and removes it there.
const given = /^#token=([A-Za-z0-9]+)$/.exec(location.hash);
const here = location.pathname + location.search;
const again = () => location.replace(here);
if (given) {
  history.replaceState(null, "", here);
  fetch("/login", { method: "POST", body: new URLSearchParams({ token: given[1] }) }).then((answer) => {
    if (answer.ok) again();
    else document.getElementById("said").textContent = "The token in this address is wrong, or is another server's.";
  });
} else if (document.referrer && !document.referrer.startsWith(location.origin)) {
  // Browsers do not send the SameSite=Strict cookie when a page of another site leads here, so check for it and reload.
  fetch("/api/health").then((answer) => answer.ok && again());
}
