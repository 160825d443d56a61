namespace Larder.Engine.Configuration;

/// <summary>One node of what was written, with its place. YAML and the variables of the environment both become such a tree.</summary>
internal sealed record SettingNode
{
    public required SettingNodeKind Kind { get; init; }

    /// <summary>The text of a scalar; empty for the other kinds.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<SettingNode> Items { get; init; } = [];

    /// <summary>In the order of the file; a key may occur twice, which the reader reports.</summary>
    public IReadOnlyList<(SettingNode Key, SettingNode Value)> Pairs { get; init; } = [];

    /// <summary>Null where it comes from the environment.</summary>
    public string? File { get; init; }

    public int Line { get; init; }

    public int Column { get; init; }

    /// <summary>The variable that gives it, where there is no file; it is then the key that problems name.</summary>
    public string? Variable { get; init; }

    /// <summary>1 for a scalar. Bounded, so that reading may recurse.</summary>
    public int Height { get; init; } = 1;

    public static SettingNode OfText(string text, string? variable = null) =>
        new() { Kind = SettingNodeKind.Scalar, Text = text, Variable = variable };

    public static SettingNode OfList(params IEnumerable<SettingNode> items) => new() { Kind = SettingNodeKind.List, Items = [.. items] };

    public static SettingNode OfMap(params IEnumerable<(string Key, SettingNode Value)> pairs) =>
        new() { Kind = SettingNodeKind.Map, Pairs = [.. pairs.Select(pair => (OfText(pair.Key), pair.Value))] };
}

internal enum SettingNodeKind
{
    Scalar,
    Null,
    List,
    Map,
}
