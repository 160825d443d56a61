namespace Larder.Engine.Configuration;

/// <summary>What reading the configuration gave.</summary>
public sealed record ConfigurationResult
{
    /// <summary>Null where there is any problem.</summary>
    public LarderConfiguration? Configuration { get; init; }

    /// <summary>The file that was read; null where variables of the environment took its place, or nothing was found.</summary>
    public string? File { get; init; }

    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<ConfigurationProblem> Problems { get; init; }

    /// <summary>Doubtful, but no reason not to work.</summary>
    public required IReadOnlyList<ConfigurationProblem> Warnings { get; init; }

    /// <summary>What was read, for <see cref="ConfigurationWriter"/>.</summary>
    internal ObjectValue? Values { get; init; }

    /// <summary>The files that secrets come from, each once.</summary>
    public IReadOnlyList<string> SecretFiles =>
        Values is null ? [] : [.. SecretsIn(Values).Select(secret => secret.Reference!).Distinct(StringComparer.Ordinal)];

    /// <summary>The configuration, or <see cref="ConfigurationException"/> with every problem.</summary>
    public LarderConfiguration Require() => Configuration ?? throw new ConfigurationException(Problems);

    private static IEnumerable<Secret> SecretsIn(SettingValue value) => value switch
    {
        ScalarValue { Value: Secret { Origin: SecretOrigin.File } secret } => [secret],
        ListValue list => list.Items.SelectMany(SecretsIn),
        NamedValue named => named.Items.SelectMany(item => SecretsIn(item.Value)),
        ObjectValue map => map.Members.SelectMany(member => SecretsIn(member.Value)),
        _ => [],
    };
}
