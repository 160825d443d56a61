using System.Collections;

namespace Larder.Engine.Configuration;

/// <summary>What the configuration sees of the world around it.</summary>
public sealed record ConfigurationEnvironment
{
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>Where `./larder.yaml` is looked for.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>The file that is read where nothing nearer exists.</summary>
    public string SystemFile { get; init; } = "/etc/larder/larder.yaml";

    public static ConfigurationEnvironment OfProcess() => new()
    {
        Variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingDirectory = Environment.CurrentDirectory,
    };
}
