// The source of an image. An <img> request cannot carry a token: where sign-in is required, the image is fetched first.

import { useEffect, useState } from "react";

import { getBlob } from "../../../api/client.ts";
import { useIdentity } from "../../../sign-in/current.ts";

export function usePicture(url: string): { src: string | null; failed: boolean } {
  const direct = useIdentity() === null;
  const [src, setSrc] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (direct) return;
    setSrc(null);
    setFailed(false);
    const controller = new AbortController();
    let made: string | null = null;
    getBlob(url, controller.signal).then(
      (blob) => {
        if (controller.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setSrc(made);
      },
      () => {
        if (!controller.signal.aborted) setFailed(true);
      },
    );
    return () => {
      controller.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [url, direct]);
  return direct ? { src: url, failed: false } : { src, failed };
}
