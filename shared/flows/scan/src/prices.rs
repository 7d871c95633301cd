//! The cost of a session, from a price table.

use riffle_contracts::{Cost, Used};
use riffle_ports::Usage;
use serde::{Deserialize, Serialize};

/// US dollars by the unit in which each item is billed. A deployment configures the prices of its region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    pub region: String,
    /// Functions, per GB-second.
    pub gb_second: f64,
    pub million_invocations: f64,
    pub million_queue_requests: f64,
    pub million_table_write_units: f64,
    pub million_table_read_units: f64,
    /// PUT, COPY, POST and LIST.
    pub thousand_object_writes: f64,
    /// GET and HEAD.
    pub thousand_object_reads: f64,
    /// Pushed over WebSockets, counted per 32 KB.
    pub million_socket_messages: f64,
    pub ten_thousand_key_requests: f64,
    pub thousand_ocr_pages: f64,
}

/// Prices of us-east-1, functions on arm64, tables on demand, as listed in November 2026 without free tiers and
/// discounts.
impl Default for Prices {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            gb_second: 0.000_013_333_4,
            million_invocations: 0.20,
            million_queue_requests: 0.40,
            million_table_write_units: 0.625,
            million_table_read_units: 0.125,
            thousand_object_writes: 0.005,
            thousand_object_reads: 0.0004,
            million_socket_messages: 1.00,
            ten_thousand_key_requests: 0.03,
            thousand_ocr_pages: 1.50,
        }
    }
}

impl Prices {
    pub fn cost(&self, usage: &Usage) -> Cost {
        let of = |count: u64, price: f64, per: f64| count_of(count) * price / per;
        let functions =
            gb_seconds(usage) * self.gb_second + of(usage.invocations, self.million_invocations, 1e6);
        let queues = of(usage.queue_requests, self.million_queue_requests, 1e6);
        let tables = of(usage.table_write_units, self.million_table_write_units, 1e6)
            + of(usage.table_read_half_units, self.million_table_read_units, 2e6);
        let storage = of(usage.object_writes, self.thousand_object_writes, 1e3)
            + of(usage.object_reads, self.thousand_object_reads, 1e3);
        let messages = of(usage.socket_messages, self.million_socket_messages, 1e6);
        let keys = of(usage.key_requests, self.ten_thousand_key_requests, 1e4);
        let ocr = of(usage.ocr_pages, self.thousand_ocr_pages, 1e3);
        Cost {
            currency: "USD".to_owned(),
            region: self.region.clone(),
            total: functions + queues + tables + storage + messages + keys + ocr,
            functions,
            queues,
            tables,
            storage,
            messages,
            keys,
            ocr,
        }
    }
}

/// Converts usage to the form that clients receive.
pub(crate) fn used(usage: &Usage) -> Used {
    Used {
        invocations: usage.invocations,
        gb_seconds: gb_seconds(usage),
        queue_requests: usage.queue_requests,
        table_write_units: usage.table_write_units,
        table_read_units: count_of(usage.table_read_half_units) / 2.0,
        object_writes: usage.object_writes,
        object_reads: usage.object_reads,
        socket_messages: usage.socket_messages,
        key_requests: usage.key_requests,
        ocr_pages: usage.ocr_pages,
    }
}

fn gb_seconds(usage: &Usage) -> f64 {
    count_of(usage.megabyte_milliseconds) / 1024.0 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "what one session uses stays far below 2^52")]
fn count_of(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_its_parts_and_each_part_is_priced() {
        let usage = Usage {
            invocations: 1_000_000,
            megabyte_milliseconds: 1024 * 1000 * 3,
            queue_requests: 2_000_000,
            table_write_units: 1_000_000,
            table_read_half_units: 2_000_000,
            object_writes: 1_000,
            object_reads: 10_000,
            socket_messages: 500_000,
            key_requests: 10_000,
            ocr_pages: 2_000,
        };
        let cost = Prices::default().cost(&usage);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(cost.functions, 0.20 + 3.0 * 0.000_013_333_4), "{cost:?}");
        assert!(near(cost.queues, 0.80) && near(cost.tables, 0.75) && near(cost.storage, 0.009), "{cost:?}");
        assert!(near(cost.messages, 0.50) && near(cost.keys, 0.03) && near(cost.ocr, 3.0), "{cost:?}");
        let parts = cost.functions + cost.queues + cost.tables + cost.storage + cost.messages + cost.keys;
        assert!(near(cost.total, parts + cost.ocr), "{cost:?}");
    }
}
