using System.CommandLine;

namespace Larder.Cli.Completing;

/// <summary>Finds the words that may stand at the cursor.</summary>
internal static class WordCompletion
{
    /// <param name="root">The whole command tree.</param>
    /// <param name="words">What stands before the cursor, without the program's name; the last one is unfinished, perhaps empty.</param>
    /// <param name="namesOf">The names of a kind, such as the jobs; may be slow and is asked only where such a name may stand.</param>
    public static IReadOnlyList<string> Find(RootCommand root, IReadOnlyList<string> words, Func<ValueKind, IEnumerable<string>> namesOf)
    {
        var (command, unfinished) = ((Command)root, words.Count > 0 ? words[^1] : "");
        var (operands, literal) = (0, false);
        Option? waiting = null;
        foreach (var word in words.SkipLast(1))
        {
            if (waiting is not null)
            {
                waiting = null;
            }
            else if (word == "--")
            {
                literal = true;
            }
            else if (!literal && word.StartsWith('-'))
            {
                waiting = OptionsOf(root, command).FirstOrDefault(option => TakesValue(option) && Names(option).Contains(word));
            }
            else if (command.Subcommands.FirstOrDefault(each => each.Name == word && !each.Hidden) is { } inner && operands == 0)
            {
                command = inner;
            }
            else
            {
                operands++;
            }
        }

        if (waiting is not null)
        {
            return Values(waiting as IValued, unfinished, "", namesOf);
        }
        if (!literal
            && unfinished.StartsWith("--", StringComparison.Ordinal)
            && unfinished.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
        {
            var option = OptionsOf(root, command).FirstOrDefault(each => each.Name == unfinished[..equals]);
            return Values(option as IValued, unfinished[(equals + 1)..], unfinished[..(equals + 1)], namesOf);
        }
        if (!literal && unfinished.StartsWith('-'))
        {
            return Fitting(OptionsOf(root, command).Where(option => !option.Hidden).Select(option => option.Name), unfinished, "");
        }
        var commands = operands == 0 ? command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name) : [];
        var values = Values(OperandAt(command, operands), unfinished, "", namesOf);
        return [.. Fitting(commands, unfinished, ""), .. values];
    }

    private static IEnumerable<Option> OptionsOf(RootCommand root, Command command) =>
        command == root ? root.Options : command.Options.Concat(root.Options.Where(option => option.Recursive));

    private static IEnumerable<string> Names(Option option) => option.Aliases.Prepend(option.Name);

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0;

    private static IValued? OperandAt(Command command, int place)
    {
        foreach (var argument in command.Arguments)
        {
            if (place < argument.Arity.MaximumNumberOfValues)
            {
                return argument as IValued;
            }
            place -= argument.Arity.MaximumNumberOfValues;
        }
        return null;
    }

    private static IReadOnlyList<string> Values(
        IValued? valued, string unfinished, string before, Func<ValueKind, IEnumerable<string>> namesOf) => valued switch
    {
        null => [],
        { Words.Count: > 0 } => Fitting(valued.Words, unfinished, before),
        { Kind: ValueKind.Text } => [],
        { Kind: ValueKind.Path } => [CompletionScripts.Files],
        _ => Fitting(namesOf(valued.Kind), unfinished, before),
    };

    private static IReadOnlyList<string> Fitting(IEnumerable<string> words, string unfinished, string before) =>
    [
        .. words.Where(word => word.StartsWith(unfinished, StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal).Select(word => before + word),
    ];
}
