//! The reading order: what each part of a page is, as those are told it who do not see it.

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The title (1) or a chapter's (2).
    Heading(u16, String),
    /// What belongs under a heading.
    Section,
    /// A sentence or two.
    Paragraph,
    /// Names with values.
    List,
    /// A name and its value.
    Item,
    /// The name.
    ItemName,
    /// The value.
    ItemValue,
    /// A picture, and what it shows in words.
    Figure(String),
    /// A table.
    Table,
    /// What stands above it.
    Caption,
    /// The row of titles.
    Head,
    /// All other rows.
    Body,
    /// A row.
    Row,
    /// The title of a column.
    ColumnTitle,
    /// The title of a row.
    RowTitle,
    /// A cell.
    Cell,
}

/// The place of a part in the tree.
pub type PartId = usize;

/// Parts, each with those that it consists of.
#[derive(Debug, Default)]
pub struct Tree {
    /// By place.
    pub parts: Vec<Part>,
    /// Those that are in no other, in order.
    pub roots: Vec<PartId>,
}

/// A part.
#[derive(Debug)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// What it consists of, in order. One that consists of nothing holds text or a drawing.
    pub children: Vec<PartId>,
}

impl Tree {
    /// A part after all others, in none.
    pub fn root(&mut self, kind: Kind) -> PartId {
        let place = self.put(kind);
        self.roots.push(place);
        place
    }

    /// A part at the end of another.
    pub fn within(&mut self, parent: PartId, kind: Kind) -> PartId {
        let place = self.put(kind);
        if let Some(parent) = self.parts.get_mut(parent) {
            parent.children.push(place);
        }
        place
    }

    fn put(&mut self, kind: Kind) -> PartId {
        self.parts.push(Part { kind, children: Vec::new() });
        self.parts.len() - 1
    }
}
