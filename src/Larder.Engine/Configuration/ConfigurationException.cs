namespace Larder.Engine.Configuration;

/// <summary>The configuration cannot be used, or a secret that it names cannot be had. The command line ends with exit status 2.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>For problems found before anything was begun.</summary>
    public ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
        : base(string.Join('\n', problems)) => Problems = problems;

    /// <summary>For a secret that was asked for and could not be had.</summary>
    public ConfigurationException(ConfigurationProblem problem)
        : this([problem]) => IsOfSecret = true;

    /// <summary>Whether a password or another secret could not be had, though the configuration itself is in order.</summary>
    public bool IsOfSecret { get; }

    public IReadOnlyList<ConfigurationProblem> Problems { get; }
}
