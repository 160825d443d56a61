using System.CommandLine;
using System.Text;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>Writes <c>docs/generated/CLI.md</c> from the commands themselves.</summary>
internal static class CommandReference
{
    public static string Write()
    {
        var globals = new GlobalOptions();
        var root = CommandTree.Create(globals);
        var page = new StringBuilder();
        page.Append("# The command line\n\n");
        page.Append(
            "Generated from the commands; a test compares it. Results go to stdout, words and progress to stderr. "
            + "With `--json`, stdout is exactly\n"
            + "one JSON document with snake_case keys; an error is then "
            + "`{\"error\": {\"code\", \"message\", \"hint\", \"exit_status\"}}`.\n\n");
        page.Append("## Global options\n\nBefore or after the command's name.\n\n");
        AppendOptions(page, globals.All.Append(root.Version));
        page.Append("\n## Exit status\n\n| status | meaning |\n|---|---|\n");
        foreach (var status in Enum.GetValues<ExitStatus>())
        {
            page.Append($"| {(int)status} | {HelpPage.Meaning(status)} |\n");
        }
        foreach (var command in Shown(root))
        {
            AppendCommand(page, command);
        }
        return page.ToString();
    }

    /// <summary>Every command that does something, in the order of the help, those inside groups too.</summary>
    public static IEnumerable<LarderCommand> Shown(Command parent) => parent.Subcommands.OfType<LarderCommand>()
        .Where(command => !command.Hidden)
        .SelectMany(command => command.Run is null ? Shown(command) : [command]);

    private static void AppendCommand(StringBuilder page, LarderCommand command)
    {
        page.Append($"\n## {command.FullName}\n\n{command.Description}\n\n    {HelpPage.Usage(command)}\n");
        if (command.Details.Length > 0)
        {
            page.Append($"\n{command.Details.TrimEnd()}\n");
        }
        if (command.Arguments.Count > 0)
        {
            page.Append("\n| argument | meaning |\n|---|---|\n");
            foreach (var argument in command.Arguments)
            {
                page.Append($"| `{argument.Name}` | {Cell(argument.Description)} |\n");
            }
        }
        if (command.Options.Count > 0)
        {
            page.Append('\n');
            AppendOptions(page, command.Options);
        }
        page.Append('\n');
        foreach (var example in command.Examples)
        {
            page.Append($"    {example.Line}  # {example.Purpose}\n");
        }
        if (command.Json.Length > 0)
        {
            page.Append($"\n`--json`: {command.Json}\n");
        }
        page.Append($"\nExit status: {string.Join(", ", HelpPage.StatusesOf(command).Select(status => (int)status))}.\n");
    }

    private static void AppendOptions(StringBuilder page, IEnumerable<Option> options)
    {
        page.Append("| option | meaning |\n|---|---|\n");
        foreach (var option in options)
        {
            page.Append($"| `{Cell(HelpPage.Typed(option))}` | {Cell(option.Description)} |\n");
        }
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
