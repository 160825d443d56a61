using System.CommandLine;
using Larder.Cli.Commands;
using Larder.Cli.Completing;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>Every command that this version offers, in the order in which help lists them.</summary>
internal static class CommandTree
{
    public const string Program = "larder";

    public static IReadOnlyList<Example> Examples { get; } =
    [
        new("larder config example > larder.yaml", "a configuration to begin with"),
        new("larder config validate && larder init", "check it, and create its repositories"),
        new("larder backup", "back up every job"),
        new("larder list", "what there is"),
        new("larder restore latest --target /tmp/look --confirm", "look at the newest backup somewhere else"),
    ];

    public static LarderRoot Create(GlobalOptions globals)
    {
        var root = new LarderRoot(globals);
        Command[] commands =
        [
            InitCommand.Create(),
            BackupCommand.Create(),
            SyncCommand.Create(),
            ListCommand.Create(),
            ShowCommand.Create(),
            LsCommand.Create(),
            StatsCommand.Create(),
            ExportCommand.Create(),
            VerifyCommand.Create(),
            DrillCommand.Create(),
            ReportCommand.Create(),
            RestoreCommand.Create(),
            RollbackCommand.Create(),
            CleanupCommand.Create(),
            RemoveCommand.Create(),
            PinCommand.Create("pin", pinned: true),
            PinCommand.Create("unpin", pinned: false),
            RunsCommand.Create(),
            ServeCommand.Create(),
            ScheduleCommand.Create(),
            KeyCommand.Create(),
            UnlockCommand.Create(),
            CopyCommand.Create(),
            RepairCommand.Create(),
            HealthCommand.Create(),
            NotifyCommand.Create(),
            DoctorCommand.Create(),
            UserCommand.Create(),
            TokenCommand.Create(),
            AuditCommand.Create(),
            ConfigCommand.Create(),
            CompletionCommand.Create(),
            CompleteCommand.Create(root),
            KeepScratchCommand.Create(),
        ];
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
        }
        return root;
    }

    /// <summary>A command that only holds others.</summary>
    public static LarderCommand Group(string name, string description, params LarderCommand[] commands)
    {
        var group = new LarderCommand(name, description);
        foreach (var command in commands)
        {
            group.Subcommands.Add(command);
        }
        return group;
    }

    /// <summary>The statuses of everything that opens a repository.</summary>
    public static IReadOnlyList<ExitStatus> OpensRepository { get; } =
        [ExitStatus.NoRepository, ExitStatus.Locked, ExitStatus.WrongPassword];
}

/// <summary>The program itself.</summary>
internal sealed class LarderRoot : RootCommand
{
    public LarderRoot(GlobalOptions globals)
        : base("Larder backs up databases and the code beside them, and proves it by restoring.")
    {
        Options.Clear(); // Help and version are Larder's own, with examples and exit statuses.
        Directives.Clear();
        foreach (var option in globals.All)
        {
            option.Recursive = true;
            Options.Add(option);
        }
        Options.Add(Version);
    }

    public Flag Version { get; } = new("--version", "Print the version.");
}
