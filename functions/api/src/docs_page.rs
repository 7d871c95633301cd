//! The OpenAPI description as an HTML page, rendered once on the server, without a script.

use std::fmt::Write;

use serde_json::{Map, Value};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --quiet: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
article { margin: 2rem 0; } h3 { margin: 0; font-size: 1rem; }
code, h3 { font-family: ui-monospace, monospace; } .method { display: inline-block; min-width: 4rem; }
table { border-collapse: collapse; width: 100%; } td { vertical-align: top; padding: .2rem 1rem .2rem 0;
border-bottom: 1px solid var(--line); } .quiet { color: var(--quiet); } :target { background: #fd03; }
";

/// Returns the whole page.
pub fn page(description: &Value) -> String {
    let info = &description["info"];
    let title = format!("{} API", text(&info["title"]));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>\n<h1>{title}</h1>\n\
         <p>{}</p>\n<p class=\"quiet\">For programs: <a href=\"/api/openapi.json\">openapi.json</a>, OpenAPI {}.</p>\n",
        prose(&info["description"]),
        text(&description["openapi"]),
    );
    for tag in description["tags"].as_array().into_iter().flatten() {
        push(&mut page, format_args!("<h2>{}</h2>\n", text(&tag["description"])));
        for (path, item) in fields(&description["paths"]) {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag["name"] {
                    operation_into(&mut page, method, path, operation);
                }
            }
        }
    }
    page += "<h2>Schemas</h2>\n";
    for (name, schema) in fields(&description["components"]["schemas"]) {
        let name = escaped(name);
        push(&mut page, format_args!("<article id=\"{name}\"><h3>{name}</h3>\n"));
        schema_into(&mut page, schema);
        page += "</article>\n";
    }
    page + "</html>\n"
}

fn operation_into(page: &mut String, method: &str, path: &str, operation: &Value) {
    push(
        page,
        format_args!(
            "<article><h3><span class=\"method\">{}</span> {}</h3>\n<p>{} {}</p>\n<table>\n",
            method.to_uppercase(),
            escaped(path),
            prose(&operation["summary"]),
            prose(&operation["description"]),
        ),
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let needed = if parameter["required"] == true { "" } else { ", optional" };
        let place = format!("{}{needed}", text(&parameter["in"]));
        row(page, &text(&parameter["name"]), &kind(&parameter["schema"]), &place, &parameter["description"]);
    }
    for (media, content) in fields(&operation["requestBody"]["content"]) {
        row(page, "body", &kind(&content["schema"]), &escaped(media), &Value::Null);
    }
    for (status, answer) in fields(&operation["responses"]) {
        let status = if status == "default" { "error" } else { status };
        let mut content = fields(&answer["content"]).peekable();
        if content.peek().is_none() {
            row(page, &format!("→ {}", escaped(status)), "", "", &answer["description"]);
        }
        for (media, content) in content {
            let kind = kind(&content["schema"]);
            row(page, &format!("→ {}", escaped(status)), &kind, &escaped(media), &answer["description"]);
        }
    }
    *page += "</table></article>\n";
}

fn schema_into(page: &mut String, schema: &Value) {
    push(page, format_args!("<p>{}</p>\n", prose(&schema["description"])));
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("<code>{}</code>", text(value))).collect();
        push(page, format_args!("<p>{}</p>\n", values.join(" · ")));
    }
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|it| it == name))
    };
    if schema["properties"].is_object() {
        *page += "<table>\n";
        for (name, property) in fields(&schema["properties"]) {
            let needed = if required(name) { "" } else { "optional" };
            row(page, &escaped(name), &kind(property), needed, &property["description"]);
        }
        *page += "</table>\n";
    }
    for (word, key) in [("all of", "allOf"), ("one of", "oneOf")] {
        if let Some(schemas) = schema[key].as_array() {
            push(page, format_args!("<p class=\"quiet\">{word}</p>\n"));
            for schema in schemas {
                if schema["$ref"].is_string() {
                    push(page, format_args!("<p>{}</p>\n", kind(schema)));
                } else {
                    schema_into(page, schema);
                }
            }
        }
    }
}

fn row(page: &mut String, name: &str, kind: &str, note: &str, description: &Value) {
    let description = prose(description);
    push(
        page,
        format_args!(
            "<tr><td><code>{name}</code><td>{kind} <span class=\"quiet\">{note}</span><td>{description}\n"
        ),
    );
}

/// Returns the type of a schema in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|link| link.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    if let Some(schemas) = schema["oneOf"].as_array().or(schema["allOf"].as_array()) {
        return schemas.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(text).collect::<Vec<_>>().join(" or ");
    }
    let one = |kind: &Value| match text(kind).as_str() {
        "array" => format!("list of {}", self::kind(&schema["items"])),
        kind => kind.to_owned(),
    };
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(one).collect::<Vec<_>>().join(" or "),
        Value::Null => "anything".to_owned(),
        kind => one(kind),
    };
    kind + &bounds(schema)
}

/// Returns the allowed values: a range, a length, a pattern.
fn bounds(schema: &Value) -> String {
    let mut bounds = String::new();
    for (least, most, of) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
    ] {
        match (schema[least].as_u64(), schema[most].as_u64()) {
            (None | Some(0), None) => {}
            (Some(least), None) => push(&mut bounds, format_args!(", from {least}{of}")),
            (None, Some(most)) => push(&mut bounds, format_args!(", up to {most}{of}")),
            (Some(least), Some(most)) => push(&mut bounds, format_args!(", {least} to {most}{of}")),
        }
    }
    if schema["pattern"].is_string() {
        push(&mut bounds, format_args!(", <code>{}</code>", text(&schema["pattern"])));
    }
    bounds
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// Returns HTML in which `` `words` `` are code.
fn prose(value: &Value) -> String {
    let mut prose = String::new();
    for (place, part) in text(value).split('`').enumerate() {
        if place % 2 == 0 { prose += part } else { push(&mut prose, format_args!("<code>{part}</code>")) }
    }
    prose
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn push(page: &mut String, more: std::fmt::Arguments<'_>) {
    page.write_fmt(more).expect("a String takes everything");
}
