using Larder.Cli.Output;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder key`.</summary>
internal sealed class KeyCommand
{
    private const string Json =
        "An object: `repository`, `keys` (array of `id`, `short_id`, `username`, `hostname`, `created_at`, `current`), `added`, `removed`.";

    private readonly Setting newFile = new("--new-password-file", "FILE", "A file that holds the new password.", ValueKind.Path);
    private readonly Setting newCommand = new("--new-password-command", "COMMAND", "A shell command that prints the new password.");
    private readonly Operand id = new("KEY", "The beginning of a key's id, as `larder key list` shows it.", ValueKind.Text, 1, 1);

    public static LarderCommand Create() => new KeyCommand().Build();

    private LarderCommand Build() => CommandTree.Group(
        "key",
        "Manage the passwords of a repository.",
        new LarderCommand("list", "List the passwords of a repository.")
        {
            Run = (call, cancellationToken) =>
                AnswerAsync(call, new KeyCommands(call.Engine, call.Repository).ListAsync(cancellationToken)),
            TakesRepository = true,
            Examples = [new("larder key list --repository local", "who may open it")],
            Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
            Json = Json,
        },
        new LarderCommand("add", "Add a password to a repository. Every password opens everything.")
        {
            Options = { newFile, newCommand },
            Run = AddAsync,
            TakesRepository = true,
            Details = "The new password is never an argument, where everybody on the machine could read it: "
                + "it comes from a file, a command or,\n"
                + "on a terminal, from a prompt.",
            Examples =
            [
                new("larder key add --repository local", "asks for the new password"),
                new("larder key add --new-password-file /root/second.key", "from a file"),
            ],
            Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
            Json = Json,
        },
        new LarderCommand("remove", "Remove a password. The one in use is refused.")
        {
            Arguments = { id },
            Run = (call, cancellationToken) =>
                AnswerAsync(call, new KeyCommands(call.Engine, call.Repository).RemoveAsync(call.ValueOf(id)!, cancellationToken)),
            TakesRepository = true,
            Examples = [new("larder key remove 5c1f0e2a --repository local", "somebody has left")],
            Statuses = [ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
            Json = Json,
        });

    private async Task<ExitStatus> AddAsync(Call call, CancellationToken cancellationToken)
    {
        var engine = call.Engine; // A broken configuration is told before anybody is asked for a password.
        var password = await NewPasswordAsync(call, cancellationToken);
        return await AnswerAsync(call, new KeyCommands(engine, call.Repository).AddAsync(password, cancellationToken));
    }

    private async Task<ExitStatus> AnswerAsync(Call call, Task<KeyReport> working)
    {
        var report = await working;
        call.Answer(report.ToJson, () => Text(report, call.OutInk));
        return ExitStatus.Done;
    }

    private static string Text(KeyReport report, Ink ink)
    {
        var table = new Table("", "ID", "USER", "HOST", "CREATED");
        foreach (var key in report.Keys)
        {
            table.Add(key.Current ? "*" : "", key.ShortId, key.Username, key.Hostname, Show.Moment(key.CreatedAt, TimeZoneInfo.Local));
        }
        var done = (report.Added, report.Removed) switch
        {
            ({ } added, _) => $"Added key {added} to repository {report.Repository}.\n",
            (_, { } removed) => $"Removed key {removed} from repository {report.Repository}.\n",
            _ => "",
        };
        return done + table.Render(ink);
    }

    private async Task<string> NewPasswordAsync(Call call, CancellationToken cancellationToken)
    {
        var (file, command) = (call.ValueOf(newFile), call.ValueOf(newCommand));
        if (file is not null && command is not null)
        {
            throw new LarderException(
                EngineError.UsageInvalid, "--new-password-file and --new-password-command cannot both give the password.");
        }
        var folder = call.World.Environment.WorkingDirectory;
        if (file is not null)
        {
            return await Secret.FromFile("--new-password-file", Path.GetFullPath(file, folder)).RevealAsync(cancellationToken);
        }
        if (command is not null)
        {
            return await Secret.FromCommand("--new-password-command", command, folder).RevealAsync(cancellationToken);
        }
        return call.World.InputIsTerminal && call.World.ErrorIsTerminal
            ? AskTwice(call)
            : throw new LarderException(
                EngineError.UsageInvalid,
                "The new password is to come from --new-password-file or --new-password-command: there is no terminal to ask at.");
    }

    private static string AskTwice(Call call)
    {
        var first = Ask("New password: ");
        if (first != Ask("Once more: "))
        {
            throw new LarderException(EngineError.UsageInvalid, "The two passwords are not the same; nothing was changed.");
        }
        return first.Length > 0
            ? first
            : throw new LarderException(EngineError.UsageInvalid, "An empty password protects nothing; nothing was changed.");

        string Ask(string prompt)
        {
            call.World.Error.Write(prompt);
            call.World.Error.Flush();
            var answer = call.World.ReadHidden();
            call.World.Error.Write("\n");
            return answer ?? throw new OperationCanceledException("No password was typed.");
        }
    }
}
