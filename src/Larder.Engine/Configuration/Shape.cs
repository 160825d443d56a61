namespace Larder.Engine.Configuration;

/// <summary>
/// What a value of the configuration must look like. The whole schema is made of these (see <see cref="ConfigurationSchema"/>), and the
/// reader, the writer, the test of the example and the reference page all walk it, so they cannot disagree.
/// </summary>
internal abstract record Shape
{
    /// <summary>In words, after "must be": <c>a duration such as 7d</c>.</summary>
    public required string Expected { get; init; }

    /// <summary>A value that works, in YAML on one line.</summary>
    public required string Example { get; init; }
}

/// <summary>One value. <see cref="Parse"/> gets the text with its variables filled in.</summary>
internal sealed record ScalarShape : Shape
{
    public required ScalarParser Parse { get; init; }

    /// <summary>Also takes <c>_file</c> and <c>_command</c>; shown as <c>***</c>.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Shown as it was written, since a variable in a command line may be a secret that nobody declared.</summary>
    public bool IsCommandLine { get; init; }

    /// <summary>What the value must name: a repository, a job or one of the job's sources. Checked when all names are known.</summary>
    public ReferenceKind Reference { get; init; }
}

/// <summary>A list; where there is one item only, the brackets may be left away.</summary>
internal sealed record ListShape : Shape
{
    public required Shape Item { get; init; }

    public bool MayBeEmpty { get; init; }
}

/// <summary>A map from names that the user chooses.</summary>
internal sealed record NamedShape : Shape
{
    public required Shape Item { get; init; }

    /// <summary>What the names must be the names of; <see cref="ReferenceKind.None"/> where they are new names.</summary>
    public ReferenceKind Reference { get; init; }

    public bool MayBeEmpty { get; init; }
}

/// <summary>A map of known keys.</summary>
internal sealed record ObjectShape : Shape
{
    public required IReadOnlyList<KeyShape> Keys { get; init; }

    public IReadOnlyList<KeyRule> Rules { get; init; } = [];

    /// <summary>The key that is meant where a plain value stands in place of the map; null where that is wrong.</summary>
    public string? Shorthand { get; init; }

    /// <summary>
    /// The key, of a <see cref="NamedShape"/>, whose names stand in this map itself, beside the other keys; null where every key is known.
    /// </summary>
    public string? Inline { get; init; }

    /// <summary>The key of this name; or the secret of which <c>NAME_file</c> or <c>NAME_command</c> says where it comes from.</summary>
    public bool TryFind(string name, out KeyShape member, out SecretOrigin? origin)
    {
        origin = null;
        member = Keys.FirstOrDefault(key => key.Name == name)!;
        if (member is not null)
        {
            return true;
        }
        foreach (var (suffix, means) in new[] { ("_file", SecretOrigin.File), ("_command", SecretOrigin.Command) })
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                origin = means;
                member = Keys.FirstOrDefault(key => key.Name == name[..^suffix.Length] && key.Shape is ScalarShape { IsSecret: true })!;
                return member is not null;
            }
        }
        return false;
    }

    /// <summary>
    /// The key below which this name would be right: a key one level too high is a common slip, `cron` beside `schedule`.
    /// </summary>
    public string? FindHome(string name) =>
        Keys.FirstOrDefault(key => (key.Shape is ListShape list ? list.Item : key.Shape) is ObjectShape inner
            && inner.Keys.Any(below => below.Name == name))?.Name;
}

internal sealed record KeyShape
{
    public required string Name { get; init; }

    public required Shape Shape { get; init; }

    /// <summary>One sentence for the reference page and the example.</summary>
    public required string About { get; init; }

    public bool Required { get; init; }

    /// <summary>As it would be written; null where leaving it away means something that no value says.</summary>
    public string? Default { get; init; }
}

/// <summary>What the keys of one map owe each other.</summary>
internal abstract record KeyRule;

/// <summary>At most one of them, and where <paramref name="Required"/>, exactly one.</summary>
internal sealed record OneOfRule(bool Required, params string[] Keys) : KeyRule;

/// <summary>Where <paramref name="Key"/> stands, none of the others may.</summary>
internal sealed record ExcludesRule(string Key, params string[] Others) : KeyRule;

internal enum ReferenceKind
{
    None,
    Repository,
    Source,
    Job,
}

/// <summary>The folder against which paths are resolved, and what `~` stands for.</summary>
internal sealed record ScalarContext(string BaseFolder, string? HomeFolder);

/// <summary>A value, or what is wrong with it, to follow "which": <c>is not a whole number from 1 to 65535</c>.</summary>
internal readonly record struct ScalarReading(object? Value, string? Complaint)
{
    public static ScalarReading Of(object value) => new(value, null);

    public static ScalarReading Wrong(string complaint) => new(null, complaint);
}

internal delegate ScalarReading ScalarParser(string text, ScalarContext context);
