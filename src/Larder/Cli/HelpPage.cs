using System.CommandLine;
using System.Text;
using Larder.Cli.Output;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>What `--help` prints: for a terminal of 80 columns and more, the same wherever it is printed.</summary>
internal static class HelpPage
{
    private const int ColumnsMax = 100;
    private const int UsageColumnsMax = 140;

    public static string Of(Command command, GlobalOptions globals, Ink ink)
    {
        var page = new StringBuilder();
        var larder = command as LarderCommand;
        page.Append(command.Description).Append("\n\n");
        Section(page, ink, "USAGE", UsageLines(command));
        if (larder is { Details.Length: > 0 })
        {
            page.Append(larder.Details.TrimEnd()).Append("\n\n");
        }
        Section(
            page,
            ink,
            "COMMANDS",
            Columns(command.Subcommands.Where(each => !each.Hidden).Select(each => (each.Name, each.Description ?? ""))));
        Section(page, ink, "ARGUMENTS", Columns(command.Arguments.Select(argument => (argument.Name, argument.Description ?? ""))));
        Section(page, ink, "OPTIONS", Columns(command.Options.Where(option => !option.Recursive && !option.Hidden).Select(Row)));
        Section(page, ink, "GLOBAL OPTIONS", Columns(globals.All.Select(Row)));
        Section(
            page,
            ink,
            "EXAMPLES",
            (larder?.Examples ?? CommandTree.Examples).SelectMany(example => new[] { $"  # {example.Purpose}", $"  {example.Line}" }));
        Section(page, ink, "EXIT STATUS", Columns(StatusesOf(command).Select(status => (((int)status).ToString(), Meaning(status)))));
        return page.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>The same cut into lines, an option with its value never in two.</summary>
    private static IEnumerable<string> UsageLines(Command command)
    {
        const int indent = 6;
        var line = "  ";
        foreach (var part in Usage(command).Split(" ["))
        {
            var next = line.Length == 2 ? part : $" [{part}";
            if (line.Length + next.Length > UsageColumnsMax)
            {
                yield return line;
                (line, next) = (new string(' ', indent), next.TrimStart());
            }
            line += next;
        }
        yield return line;
    }

    /// <summary>One line: the command with its operands and options, as manuals write it.</summary>
    public static string Usage(Command command)
    {
        if (command is not LarderCommand larder)
        {
            return $"{CommandTree.Program} [--config FILE] [--json] [-q|-v] COMMAND";
        }
        var words = new List<string> { larder.FullName };
        words.AddRange(command.Arguments.Select(Operand));
        words.AddRange(command.Options.Where(option => !option.Recursive && !option.Hidden).Select(Optional));
        if (command.Subcommands.Any(each => !each.Hidden))
        {
            words.Add("COMMAND");
        }
        return string.Join(' ', words);
    }

    public static IReadOnlyList<ExitStatus> StatusesOf(Command command)
    {
        if (command is not LarderCommand { Run: not null } larder)
        {
            return command is RootCommand ? Enum.GetValues<ExitStatus>() : [ExitStatus.Done, ExitStatus.Usage];
        }
        return
        [
            .. larder.Statuses
                .Concat([ExitStatus.Done, ExitStatus.Failed, ExitStatus.Usage, ExitStatus.Interrupted]).Distinct().Order(),
        ];
    }

    public static string Meaning(ExitStatus status) => status switch
    {
        ExitStatus.Done => "done",
        ExitStatus.Failed => "failed",
        ExitStatus.Usage => "usage or configuration; nothing was begun",
        ExitStatus.Partial => "partial: done, but something was left out",
        ExitStatus.Refused => "refused: a prerequisite or a confirmation is missing",
        ExitStatus.Damage => "damage was found",
        ExitStatus.NoRepository => "there is no such repository",
        ExitStatus.Locked => "the repository or the job is locked by another run",
        ExitStatus.WrongPassword => "wrong password",
        _ => "interrupted",
    };

    /// <summary>An option as it is typed: <c>-q, --quiet</c> or <c>--config FILE</c>.</summary>
    public static string Typed(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(alias => alias.Length == 2).Append(option.Name));
        return option.HelpName is { } value ? $"{names} {value}" : names;
    }

    private static (string Left, string Right) Row(Option option) =>
        (option.Aliases.Count == 0 ? $"    {Typed(option)}" : Typed(option), option.Description ?? "");

    private static string Operand(Argument argument)
    {
        var many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : "";
        return argument.Arity.MinimumNumberOfValues > 0 ? $"{argument.Name}{many}" : $"[{argument.Name}{many}]";
    }

    private static string Optional(Option option)
    {
        var words = (option as IValued)?.Words ?? [];
        var value = words.Count > 0 ? string.Join('|', words) : option.HelpName;
        var typed = value is null ? option.Name : $"{option.Name} {value}";
        var many = option is Settings ? "..." : "";
        return option.Required ? typed + many : $"[{typed}]{many}";
    }

    private static void Section(StringBuilder page, Ink ink, string title, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            page.Append(ink.Bold(title)).Append('\n').AppendJoin('\n', all.Select(line => line.TrimEnd())).Append("\n\n");
        }
    }

    private static IEnumerable<string> Columns(IEnumerable<(string Left, string Right)> rows)
    {
        var all = rows.ToList();
        var width = all.Count == 0 ? 0 : all.Max(row => row.Left.Length);
        return all.SelectMany(row => Wrapped(row.Right, ColumnsMax - width - 4)
            .Select((line, at) => $"  {(at == 0 ? row.Left : "").PadRight(width)}  {line}"));
    }

    private static IEnumerable<string> Wrapped(string text, int columns)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line.ToString();
                line.Clear();
            }
            line.Append(line.Length > 0 ? " " : "").Append(word);
        }
        yield return line.ToString();
    }
}
