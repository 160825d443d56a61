namespace Larder.Engine.Configuration;

/// <summary>Says which file is read.</summary>
public static class ConfigurationFinder
{
    /// <summary>The variable that names the file.</summary>
    public const string Variable = "LARDER_CONFIG";

    /// <summary>The places in the order they are asked; one that is named outright (`--config`, LARDER_CONFIG) is the only one.</summary>
    public static IReadOnlyList<string> Places(string? path, ConfigurationEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (!string.IsNullOrEmpty(path))
        {
            return [Path.GetFullPath(path, environment.WorkingDirectory)];
        }

        if (environment.Variables.GetValueOrDefault(Variable) is { Length: > 0 } named)
        {
            return [Path.GetFullPath(named, environment.WorkingDirectory)];
        }

        return [Path.Combine(environment.WorkingDirectory, "larder.yaml"), environment.SystemFile];
    }

    /// <summary>
    /// The file to read, absolute; null where there is none. A file that is named outright is given even when it is not there.
    /// </summary>
    public static string? Find(string? path, ConfigurationEnvironment environment)
    {
        var places = Places(path, environment);
        return places.Count == 1 ? places[0] : places.FirstOrDefault(File.Exists);
    }
}
