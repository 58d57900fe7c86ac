//! The colours of each theme, as email programs understand them.

use crate::events::Theme;

pub struct Palette {
    pub ground: &'static str,
    pub card: &'static str,
    pub ink: &'static str,
    pub quiet: &'static str,
    pub accent: &'static str,
    pub on_accent: &'static str,
}

pub fn palette(theme: Theme) -> Palette {
    let (ground, card, ink, quiet, accent, on_accent) = match theme {
        Theme::Letterpress => ("#f1ece2", "#fffdf8", "#2a2520", "#6d6257", "#8f2f22", "#ffffff"),
        Theme::Garden => ("#e8eee3", "#fbfdf8", "#1f3326", "#566b5c", "#2f6b45", "#ffffff"),
        Theme::Midnight => ("#101a33", "#1a2748", "#f3ecd8", "#b9bfd3", "#e3c46f", "#1a2748"),
        Theme::Seaside => ("#e4eef1", "#fdfbf5", "#1d3a4a", "#587180", "#1f6f8b", "#ffffff"),
        Theme::Fiesta => ("#fff0dc", "#fffaf2", "#40202c", "#7d5a62", "#c2185b", "#ffffff"),
        Theme::Gallery => ("#ececec", "#ffffff", "#141414", "#5c5c5c", "#141414", "#ffffff"),
    };
    Palette { ground, card, ink, quiet, accent, on_accent }
}

/// The theme in dark mode.
pub fn dark_palette(theme: Theme) -> Palette {
    let (ground, card, ink, quiet, accent, on_accent) = match theme {
        Theme::Letterpress => ("#1b1714", "#26211c", "#f4ecdf", "#b9ab9a", "#e0907f", "#26110c"),
        Theme::Garden => ("#131c16", "#1c2920", "#e9f2e6", "#a5b8a9", "#8ecb9f", "#10241a"),
        Theme::Midnight => return palette(Theme::Midnight),
        Theme::Seaside => ("#101b21", "#18272f", "#e6f1f4", "#a2b7c1", "#7fc4da", "#0c2530"),
        Theme::Fiesta => ("#211319", "#2e1b24", "#ffeede", "#c9a9af", "#f48fb1", "#3a0f20"),
        Theme::Gallery => ("#121212", "#1d1d1d", "#f2f2f2", "#ababab", "#f2f2f2", "#141414"),
    };
    Palette { ground, card, ink, quiet, accent, on_accent }
}
