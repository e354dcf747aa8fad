//! The Table form of lists, objects and watch events: what `kubectl get` prints.
//!
//! Columns of custom kinds come from their definitions, those of built-in kinds stand in `builtin`. Times become
//! ages here because clients print cells as they are.

mod age;
mod builtin;
mod custom;
mod json_path;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::openapi;
use crate::resource::{Column, ResourceType};
use crate::status::Refusal;

/// How much of each object a row carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Include {
    /// Nothing.
    None,
    /// `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl Include {
    /// Reads the query parameter `includeObject`.
    ///
    /// # Errors
    /// 400 for a value that is none of the three.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', \
                 'Object', 'None', or empty"
            ))),
        }
    }
}

/// Renders objects of one kind, in the shape of its version, at one moment.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    resource: &'a ResourceType,
    include: Include,
    now: Timestamp,
    cells: Cells,
}

/// Where a kind's cells come from.
#[derive(Debug)]
enum Cells {
    Builtin(builtin::Kind),
    Custom(Vec<custom::Cell>),
}

impl<'a> Table<'a> {
    /// For objects of this kind.
    pub(crate) fn new(resource: &'a ResourceType, include: Include, now: Timestamp) -> Self {
        let cells = if resource.crd.is_some() {
            Cells::Custom(custom::cells(&resource.columns))
        } else {
            Cells::Builtin(builtin::Kind::of(resource))
        };
        Self {
            resource,
            include,
            now,
            cells,
        }
    }

    /// A list, with the metadata of the list.
    pub(crate) fn list<'o>(&self, metadata: &Value, objects: impl IntoIterator<Item = &'o Value>) -> Value {
        let rows: Vec<Value> = objects.into_iter().map(|object| self.row(object)).collect();
        table(metadata, &self.columns(), &rows)
    }

    /// One object, alone or in a watch event. Only the first event of a watch says what the columns are.
    pub(crate) fn object(&self, object: &Value, with_columns: bool) -> Value {
        let version = object
            .pointer("/metadata/resourceVersion")
            .cloned()
            .unwrap_or_default();
        let columns = if with_columns { self.columns() } else { Value::Null };
        table(
            &json!({"resourceVersion": version}),
            &columns,
            &[self.row(object)],
        )
    }

    fn columns(&self) -> Value {
        let mut columns = vec![column(&name_column())];
        match &self.cells {
            Cells::Builtin(kind) => columns = kind.columns().iter().map(column).collect(),
            Cells::Custom(_) if self.resource.columns.is_empty() => columns.push(column(&age_column("date"))),
            Cells::Custom(_) => columns.extend(self.resource.columns.iter().map(custom_column)),
        }
        columns.into()
    }

    fn row(&self, object: &Value) -> Value {
        let cells = match &self.cells {
            Cells::Builtin(kind) => kind.cells(object, self.now),
            Cells::Custom(cells) => {
                let mut row = vec![object.pointer("/metadata/name").cloned().unwrap_or_default()];
                if self.resource.columns.is_empty() {
                    row.push(age::of(object.pointer("/metadata/creationTimestamp"), self.now).into());
                } else {
                    row.extend(cells.iter().map(|cell| cell.value(object, self.now)));
                }
                row
            }
        };
        json!({"cells": cells, "object": self.included(object)})
    }

    fn included(&self, object: &Value) -> Value {
        match self.include {
            Include::None => Value::Null,
            Include::Object => object.clone(),
            Include::Metadata => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": object.get("metadata").cloned().unwrap_or_default(),
            }),
        }
    }
}

fn table(metadata: &Value, columns: &Value, rows: &[Value]) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    })
}

/// A column of a built-in kind.
#[derive(Clone, Debug)]
struct Definition {
    name: &'static str,
    type_: &'static str,
    format: &'static str,
    description: String,
    priority: i64,
}

fn name_column() -> Definition {
    let description = openapi::description(openapi::OBJECT_META, "name");
    Definition {
        name: "Name",
        type_: "string",
        format: "name",
        description,
        priority: 0,
    }
}

fn age_column(type_: &'static str) -> Definition {
    let description = openapi::description(openapi::OBJECT_META, "creationTimestamp");
    Definition {
        name: "Age",
        type_,
        format: "",
        description,
        priority: 0,
    }
}

fn column(definition: &Definition) -> Value {
    let Definition {
        name,
        type_,
        format,
        description,
        priority,
    } = definition;
    json!({"name": name, "type": type_, "format": format, "description": description, "priority": priority})
}

fn custom_column(column: &Column) -> Value {
    let Column {
        name,
        type_,
        format,
        description,
        json_path,
        priority,
    } = column;
    let description = if description.is_empty() {
        format!("Custom resource definition column (in JSONPath format): {json_path}")
    } else {
        description.clone()
    };
    json!({"name": name, "type": type_, "format": format, "description": description, "priority": priority})
}
