using System.CommandLine;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>A command with what its help page says. A command without <see cref="Run"/> only holds others.</summary>
internal sealed class LarderCommand : Command
{
    public LarderCommand(string name, string description)
        : base(name, description)
    {
    }

    /// <summary>What it does; the answer is the exit status. Failures are thrown.</summary>
    public Func<Call, CancellationToken, Task<ExitStatus>>? Run { get; init; }

    /// <summary>
    /// Whether `--repository` means something to it. Where it does not, the option is refused: silence could remove too much.
    /// </summary>
    public bool TakesRepository { get; init; }

    /// <summary>More than the one line of the description: whole paragraphs.</summary>
    public string Details { get; init; } = "";

    public IReadOnlyList<Example> Examples { get; init; } = [];

    /// <summary>The exit statuses that it may have beside those that every command has.</summary>
    public IReadOnlyList<ExitStatus> Statuses { get; init; } = [];

    /// <summary>What `--json` prints, in words.</summary>
    public string Json { get; init; } = "";

    /// <summary>As it is typed: <c>larder key add</c>.</summary>
    public string FullName => string.Join(' ', Path());

    private IEnumerable<string> Path()
    {
        var names = new Stack<string>();
        for (Symbol? symbol = this; symbol is not null; symbol = symbol.Parents.FirstOrDefault())
        {
            names.Push(symbol is RootCommand ? CommandTree.Program : symbol.Name);
        }
        return names;
    }
}

/// <summary>One line that can be typed, and what for.</summary>
internal sealed record Example(string Line, string Purpose);
