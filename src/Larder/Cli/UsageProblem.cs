using System.CommandLine;
using System.CommandLine.Parsing;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>Finds what is wrong with the words that were typed, and what was probably meant.</summary>
internal static class UsageProblem
{
    /// <summary>The first problem, or null.</summary>
    public static LarderException? Find(ParseResult parsed, Command command, GlobalOptions globals)
    {
        var name = command is LarderCommand larder ? larder.FullName : CommandTree.Program;
        if (UnknownOption(parsed) is { } option)
        {
            return Problem($"\"{name}\" takes no option {option}.", Nearest(option, OptionsOf(command, globals)), name);
        }
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            return command.Subcommands.Count > 0
                ? Problem(
                    $"{(command is RootCommand ? "larder" : $"\"{name}\"")} has no command \"{word}\".",
                    Nearest(word, CommandsOf(command)),
                    name)
                : Problem($"\"{name}\" does not know what to do with \"{word}\".", null, name);
        }
        if (command is not LarderCommand { Run: not null })
        {
            return Problem($"{name} needs a command: {string.Join(", ", CommandsOf(command))}.", null, name);
        }
        if (parsed.GetResult(globals.Repository) is not null && command is LarderCommand { TakesRepository: false })
        {
            return Problem($"\"{name}\" takes no --repository.", null, name);
        }
        return parsed.Errors is [var error, ..] ? Problem(Sentence(error, name, command), null, name) : null;
    }

    // The parser hands an option that it does not know to the arguments: "backup --dyr-run" would be a job of that name.
    private static string? UnknownOption(ParseResult parsed)
    {
        var end = parsed.Tokens.ToList().FindIndex(token => token.Type == TokenType.DoubleDash);
        HashSet<object> literal = end < 0 ? [] : parsed.Tokens.Skip(end).ToHashSet<object>(ReferenceEqualityComparer.Instance);
        return parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Where(token => !literal.Contains(token))
            .Select(token => token.Value)
            .Concat(end < 0 ? parsed.UnmatchedTokens : [])
            .FirstOrDefault(value => value.Length > 1 && value[0] == '-');
    }

    private static IEnumerable<string> OptionsOf(Command command, GlobalOptions globals) =>
        command.Options.Concat(globals.All).Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name));

    private static IEnumerable<string> CommandsOf(Command command) =>
        command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name);

    private static string? Nearest(string word, IEnumerable<string> candidates)
    {
        var all = candidates.Distinct().ToList();
        var name = word.Split('=')[0];
        return NearestWord.Find(name, all)
            ?? all.FirstOrDefault(candidate => name.Length > 2 && candidate.StartsWith(name, StringComparison.Ordinal));
    }

    private static LarderException Problem(string message, string? nearest, string name)
    {
        var help = $"\"{name} --help\" shows what it takes.";
        return new LarderException(EngineError.UsageInvalid, message)
        {
            Hint = nearest is null ? help : $"did you mean \"{nearest}\"? {help}",
        };
    }

    private static Option? MissingOption(ParseError error, Command command) => command.Options.FirstOrDefault(option =>
        option.Required && error.Message.Contains($"'{option.Name}'", StringComparison.Ordinal)
            && error.SymbolResult is not OptionResult { Implicit: false });

    private static string Sentence(ParseError error, string name, Command command) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Argument: Operand operand } => $"\"{name}\" needs {operand.Name}: {operand.Description}",
        OptionResult { Tokens.Count: 0, Option: var option } when option.Arity.MinimumNumberOfValues > 0 && !option.Required =>
            $"{option.Name} needs a value: {option.HelpName}.",
        _ when MissingOption(error, command) is { } missing => $"\"{name}\" needs {missing.Name} {missing.HelpName}: {missing.Description}",
        OptionResult { Option: Setting { Words.Count: > 0 } setting, Tokens: [var token, ..] } =>
            $"{setting.Name} takes {string.Join(", ", setting.Words)}, and not \"{token.Value}\".",
        OptionResult { Option: Setting setting, Tokens.Count: > 1 } => $"{setting.Name} was given more than once.",
        _ => error.Message.EndsWith('.') ? error.Message : $"{error.Message}.",
    };
}
