// One file: what was found in it, and what happened to it.

import { Alert, Anchor, Button, Card, Code, Group, List, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";

import { ApiError, get } from "../api/client.ts";
import type { FileAccount, FileItem, Timeline as Told } from "../contracts.ts";
import { bytes, count, counted, date } from "../ui/format.ts";
import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { Scrolled } from "../ui/scrolled.tsx";
import { momentWords, periodWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { DeleteDialog, titleId } from "./delete-dialog.tsx";
import { isRemovable, StateBadge } from "./files-table.tsx";
import { address } from "./filters.ts";
import { Stale } from "./frame.tsx";
import { useFile } from "./one-file.ts";
import { Timeline } from "./timeline.tsx";
import { balanceWords, nameOf, stageWords } from "./words.ts";

export function FilePage({ id }: { id: string }) {
  const { file, every } = useFile(id);
  const timeline = useQuery({
    queryKey: ["statements", "timeline", id],
    queryFn: ({ signal }) => get<Told>(`/api/files/${encodeURIComponent(id)}/timeline`, signal),
    enabled: file.data !== undefined,
    staleTime: 0,
    refetchInterval: every,
  });
  const [asked, ask] = useState<FileItem | null>(null);
  const name = file.data ? nameOf(file.data) : "File";
  useEffect(() => {
    document.title = `${name} · Riffle`;
  }, [name]);

  if (file.isLoadingError) {
    return file.error instanceof ApiError && file.error.status === 404 ? (
      <Empty title="There is no such file" whole>
        The address is not complete, or it was never yours.{" "}
        <Anchor component={Link} href="/files">
          Look at all files
        </Anchor>
        .
      </Empty>
    ) : (
      <Trouble title="The file cannot be shown" message={file.error.message} again={() => void file.refetch()} />
    );
  }
  if (!file.data) return <Waiting label="Opening the file…" />;
  const late = file.error ?? (timeline.data ? timeline.error : null);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="start" gap="md">
        <div>
          <Group gap="sm">
            <Title order={1} fz={24} id={titleId(id)} tabIndex={-1} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Title>
            <StateBadge state={file.data.state} />
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {file.data.format && `${file.data.format} · `}
            {bytes(file.data.size)} · received {date(file.data.received_at)}
          </Text>
        </div>
        <Group gap="sm">
          <Button component={Link} href={address({ file: id })}>
            Transactions
          </Button>
          {isRemovable(file.data.state) && (
            <Button variant="default" onClick={() => ask(file.data)}>
              Delete
            </Button>
          )}
        </Group>
      </Group>
      <Result file={file.data} />
      <Part title="Timeline">
        {timeline.isPending && <Waiting label="Loading the timeline…" />}
        {timeline.isLoadingError && (
          <Trouble
            title="The timeline cannot be shown"
            message={timeline.error.message}
            again={() => void timeline.refetch()}
          />
        )}
        {timeline.data && <Timeline events={timeline.data.events} />}
      </Part>
      {late && (
        <Stale
          message={late.message}
          again={() => {
            void file.refetch();
            void timeline.refetch();
          }}
        />
      )}
      <DeleteDialog file={asked} close={() => ask(null)} />
    </Stack>
  );
}

function Result({ file }: { file: FileItem }) {
  const unseen = file.more_warnings;
  return (
    <>
      {file.state === "deleted" && (
        <Text>The file and what came of it alone are gone. That it was there is all that is kept.</Text>
      )}
      {file.state === "deleting" && <Text>The file and what came of it are being removed.</Text>}
      {file.state === "rejected" && (
        <Alert color="orange" variant="light" title="This is no statement that can be read">
          {file.reason ?? "The server gave no reason."}
        </Alert>
      )}
      {file.state === "failed" && (
        <Alert color="red" variant="light" title="It could not be processed">
          {file.reason ?? "The server gave no reason."} When the cause is mended, redrive it under{" "}
          <Anchor component={Link} href="/dead-letters" inherit>
            Dead letters
          </Anchor>
          .
        </Alert>
      )}
      {file.review.length > 0 && (
        <Alert color="yellow" variant="light" title="A person should look at this">
          <List size="sm">
            {file.review.map((why) => (
              <List.Item key={why}>{why}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {(file.state === "processed" || file.state === "review") && (
        <Text>
          {counted(file.rows, "row")}: {count(file.new)} new, {counted(file.duplicates, "duplicate")}.
        </Text>
      )}
      {file.accounts.length > 0 && (
        <Part title="Accounts">
          <Accounts accounts={file.accounts} />
        </Part>
      )}
      {file.warnings.length > 0 && (
        <Part title="Warnings">
          <List size="sm" mah={320} style={{ overflowY: "auto" }} tabIndex={0} aria-label="Warnings">
            {file.warnings.map(({ place, what }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one place may be warned of twice in the same words
              <List.Item key={at}>
                {place}: {what}
              </List.Item>
            ))}
          </List>
          {unseen > 0 && (
            <Text size="sm" c="dimmed" mt="xs">
              {counted(unseen, "more warning")}.
            </Text>
          )}
        </Part>
      )}
      {file.errors.length > 0 && (
        <Part title="What failed behind it">
          <List size="sm">
            {file.errors.map(({ stage, reason, at }) => (
              <List.Item key={`${stage} ${at}`}>
                {stageWords(stage)} (<Code>{stage}</Code>), {momentWords(at)}: {reason}
              </List.Item>
            ))}
          </List>
        </Part>
      )}
    </>
  );
}

function Accounts({ accounts }: { accounts: FileAccount[] }) {
  const money = (amount: string | null | undefined, currency: string | null | undefined) =>
    amount ? amountWords(amount, currency ?? "") : "–";
  return (
    <Scrolled label="Accounts of the file" minWidth={680}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Account</Table.Th>
            <Table.Th scope="col">Period</Table.Th>
            <Table.Th scope="col" ta="right">
              Rows
            </Table.Th>
            <Table.Th scope="col" ta="right">
              Opening
            </Table.Th>
            <Table.Th scope="col" ta="right">
              Closing
            </Table.Th>
            <Table.Th scope="col">Balance</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {accounts.map((each) => (
            <Table.Tr key={`${each.account} ${each.currency}`}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <Anchor component={Link} href={address({ account: each.account })}>
                  {each.account}
                </Anchor>
              </Table.Td>
              <Table.Td>{periodWords(each.from, each.to)}</Table.Td>
              <Table.Td ta="right">{count(each.rows)}</Table.Td>
              <Table.Td ta="right">{money(each.opening, each.currency)}</Table.Td>
              <Table.Td ta="right">{money(each.closing, each.currency)}</Table.Td>
              <Table.Td>{balanceWords(each)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Title order={2} fz="md" mb="sm">
        {title}
      </Title>
      {children}
    </Card>
  );
}
