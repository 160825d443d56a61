using Larder.Engine.Configuration;

namespace Larder.Engine.Doctor;

/// <summary>What the doctor is shown; the executable's composition makes it, also where the configuration is broken.</summary>
public sealed record DoctorSurroundings
{
    /// <summary>What reading the configuration gave, problems and all.</summary>
    public required ConfigurationResult Configuration { get; init; }

    /// <summary>Null where the configuration could not be read.</summary>
    public EngineContext? Context { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Where temporary copies of databases are made.</summary>
    public string TemporaryFolder { get; init; } = Path.GetTempPath();

    /// <summary>The folders in which programs are looked for, as <c>PATH</c> has them.</summary>
    public string SearchPath { get; init; } = "";

    public TerminalFacts Terminal { get; init; } = new();

    /// <summary>A job without a good backup for longer than this gets a warning.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromHours(26);
}

/// <summary>What is known of the terminal.</summary>
public sealed record TerminalFacts
{
    /// <summary>Whether progress goes to a terminal, and not to a file or a pipe.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Null where it is not known.</summary>
    public int? Columns { get; init; }

    /// <summary>The variable <c>TERM</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>The character set of the locale, such as <c>UTF-8</c>; null where it is not known.</summary>
    public string? Encoding { get; init; }
}
