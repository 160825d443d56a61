namespace Larder.Engine.Configuration;

/// <summary>The configuration cannot be used, or a secret that it names cannot be had. The command line ends with exit status 2.</summary>
public sealed class ConfigurationException : Exception
{
    public ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
        : base(string.Join('\n', problems)) => Problems = problems;

    public ConfigurationException(ConfigurationProblem problem)
        : this([problem])
    {
    }

    public IReadOnlyList<ConfigurationProblem> Problems { get; }
}
