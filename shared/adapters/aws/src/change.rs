//! Changes and conditions of one item, as DynamoDB update expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::item::Item;

/// A change of an item and the condition for making it.
///
/// Every attribute is named by a placeholder, so that no reserved word can collide.
#[derive(Debug, Default)]
pub(crate) struct ItemChange {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    delete: Vec<String>,
    required: Vec<String>,
    pub names: HashMap<String, String>,
    pub values: Item,
}

/// Builds a write that happens only if the condition of `change` holds; a refusal returns the item it found. A macro,
/// because each kind of write has its own builder in the SDK, with these methods in common.
macro_rules! under_condition {
    ($write:expr, $change:expr) => {{
        let (write, change): (_, $crate::change::ItemChange) = ($write, $change);
        write
            .set_condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names).filter(|names| !names.is_empty()))
            .set_expression_attribute_values(Some(change.values).filter(|values| !values.is_empty()))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
    }};
}

pub(crate) use under_condition;

impl ItemChange {
    pub(crate) fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{attribute}");
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub(crate) fn set(&mut self, attribute: &str, value: AttributeValue) {
        let set = format!("{} = {}", self.name(attribute), self.value(value));
        self.set.push(set);
    }

    /// Sets an attribute that does not exist yet.
    pub(crate) fn set_once(&mut self, attribute: &str, value: AttributeValue) {
        let (name, value) = (self.name(attribute), self.value(value));
        self.set.push(format!("{name} = if_not_exists({name}, {value})"));
    }

    pub(crate) fn remove(&mut self, attribute: &str) {
        let name = self.name(attribute);
        self.remove.push(name);
    }

    /// Adds to a number or to a set; a missing attribute counts as 0 or as empty.
    pub(crate) fn add(&mut self, attribute: &str, value: AttributeValue) {
        let add = format!("{} {}", self.name(attribute), self.value(value));
        self.add.push(add);
    }

    /// Removes elements from a set; removing the last one removes the attribute.
    pub(crate) fn delete(&mut self, attribute: &str, elements: AttributeValue) {
        let delete = format!("{} {}", self.name(attribute), self.value(elements));
        self.delete.push(delete);
    }

    /// Builds a condition that compares an attribute. For a missing attribute only [`Self::is_absent`] holds.
    pub(crate) fn compare(&mut self, attribute: &str, operator: &str, value: AttributeValue) -> String {
        format!("{} {operator} {}", self.name(attribute), self.value(value))
    }

    pub(crate) fn is_one_of(
        &mut self,
        attribute: &str,
        values: impl IntoIterator<Item = AttributeValue>,
    ) -> String {
        let name = self.name(attribute);
        let values: Vec<String> = values.into_iter().map(|value| self.value(value)).collect();
        format!("{name} IN ({})", values.join(", "))
    }

    pub(crate) fn is_absent(&mut self, attribute: &str) -> String {
        format!("attribute_not_exists({})", self.name(attribute))
    }

    pub(crate) fn is_present(&mut self, attribute: &str) -> String {
        format!("attribute_exists({})", self.name(attribute))
    }

    /// Requires that there is no item with this attribute.
    pub(crate) fn if_absent(attribute: &str) -> Self {
        let mut change = Self::default();
        let absent = change.is_absent(attribute);
        change.require(absent);
        change
    }

    /// Requires that the attribute has this value.
    pub(crate) fn if_equal(attribute: &str, value: AttributeValue) -> Self {
        let mut change = Self::default();
        change.require_that(attribute, "=", value);
        change
    }

    pub(crate) fn require_that(&mut self, attribute: &str, operator: &str, value: AttributeValue) {
        let condition = self.compare(attribute, operator, value);
        self.require(condition);
    }

    /// Adds a condition; the change is made only if every required condition holds.
    pub(crate) fn require(&mut self, condition: String) {
        self.required.push(condition);
    }

    /// Returns whether the change does nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty() && self.add.is_empty() && self.delete.is_empty()
    }

    pub(crate) fn condition(&self) -> Option<String> {
        let all: Vec<String> = self.required.iter().map(|condition| format!("({condition})")).collect();
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    pub(crate) fn update(&self) -> Option<String> {
        let clauses =
            [("SET", &self.set), ("REMOVE", &self.remove), ("ADD", &self.add), ("DELETE", &self.delete)];
        let clauses: Vec<String> = clauses
            .iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }
}
