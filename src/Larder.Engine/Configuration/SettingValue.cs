namespace Larder.Engine.Configuration;

/// <summary>One value that was read and found right, or a default that stands in for one.</summary>
internal abstract record SettingValue
{
    public required Shape Shape { get; init; }

    /// <summary>What was written; null for a default.</summary>
    public SettingNode? Node { get; init; }
}

internal sealed record ScalarValue : SettingValue
{
    /// <summary>Of the type that the shape's parser gives.</summary>
    public required object Value { get; init; }

    /// <summary>With variables filled in. Not for secrets, where it is empty.</summary>
    public required string Text { get; init; }
}

internal sealed record ListValue : SettingValue
{
    public required IReadOnlyList<SettingValue> Items { get; init; }
}

internal sealed record NamedValue : SettingValue
{
    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<(string Name, SettingNode NameNode, SettingValue Value)> Items { get; init; }
}

internal sealed record ObjectValue : SettingValue
{
    /// <summary>In the order of the schema, defaults included.</summary>
    public required IReadOnlyList<(KeyShape Key, SettingValue Value)> Members { get; init; }

    public SettingValue? Find(string name) => Members.FirstOrDefault(member => member.Key.Name == name).Value;

    public ObjectValue? Object(string name) => Find(name) as ObjectValue;

    public IReadOnlyList<SettingValue> List(string name) => (Find(name) as ListValue)?.Items ?? [];

    public IReadOnlyList<(string Name, SettingNode NameNode, SettingValue Value)> Named(string name) =>
        (Find(name) as NamedValue)?.Items ?? [];

    /// <summary>The value of a key, or null where it is absent and has no default.</summary>
    public T? Get<T>(string name)
        where T : class => (Find(name) as ScalarValue)?.Value as T;

    /// <inheritdoc cref="Get"/>
    public T? GetStruct<T>(string name)
        where T : struct => (Find(name) as ScalarValue)?.Value as T?;

    public IReadOnlyList<string> Texts(string name) => [.. List(name).OfType<ScalarValue>().Select(item => (string)item.Value)];
}
