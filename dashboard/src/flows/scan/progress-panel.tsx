// The progress of a scan.

import { Card, Progress, Text } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useAnnounce } from "../../ui/announcer.tsx";
import { count, duration, rate } from "../../ui/format.ts";
import { stateName } from "../../ui/state.tsx";
import classes from "./progress-panel.module.css";
import { isOver, type View } from "./session.ts";
import { detailWords, partlyRead, phaseOf, stateOf, verdictWords } from "./words.ts";

export function ProgressPanel({ view, listed }: { view: View; listed: number }) {
  useSpoken(view);
  const over = isOver(view.state);
  const partly = partlyRead(view);
  const color = view.state === "FAILED" ? "red" : view.state === "CANCELLED" ? "gray" : undefined;
  return (
    <Card withBorder padding="md" component="section" aria-label="Progress">
      <Progress
        value={view.percent}
        {...(color ? { color } : {})}
        size="lg"
        aria-label="Files read"
        striped={!over}
        animated={!over && view.link.kind === "live"}
      />
      <dl className={classes.figures}>
        <Figure
          name="Files"
          value={view.total === null ? "…" : `${count(view.processed)} of ${count(view.total)}`}
          id="files"
        />
        <Figure name="Matches" value={count(Math.max(view.matches, listed))} id="matches" />
        <Figure name="Not read" value={count(view.failed)} id="failed" />
        {!!partly && <Figure name="Partly read" value={count(partly)} id="partly" />}
        {!over && view.filesPerSecond !== null && (
          <Figure name="Speed" value={`${rate(view.filesPerSecond)} files/s`} id="speed" />
        )}
        {!over && view.etaSeconds !== null && <Figure name="Time left" value={duration(view.etaSeconds)} id="eta" />}
      </dl>
    </Card>
  );
}

function Figure({ name, value, id }: { name: string; value: string; id: string }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" className={classes.value} data-figure={id}>
        {value}
      </Text>
    </div>
  );
}

/** Announces each quarter and the end, not each file. */
function useSpoken(view: View) {
  const say = useAnnounce();
  const { state, matches, processed, failed } = view;
  const quarter = Math.floor(view.percent / 25);
  const said = useRef("");
  useEffect(() => {
    if (state === null) return;
    let words = "";
    if (state === "COMPLETE") {
      words = `Done. ${verdictWords({ matches, processed, failed }, null)}`;
    } else if (isOver(state)) {
      words = `${stateName(stateOf(phaseOf(state, false)))}.`;
    } else if (quarter > 0) {
      words = `${quarter * 25} per cent of the files have been read.`;
    } else {
      words = `${detailWords(phaseOf(state, false))}.`;
    }
    if (words !== said.current) {
      said.current = words;
      say(words);
    }
  }, [state, quarter, matches, processed, failed, say]);
}
