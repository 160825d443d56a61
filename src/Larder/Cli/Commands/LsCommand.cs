using Larder.Cli.Output;
using Larder.Engine.Browse;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder ls`.</summary>
internal sealed class LsCommand
{
    private readonly Operand place = new(
        "BACKUP", $"{ShowCommand.Naming} Then, if need be, a path in it, which begins with a source's name.", ValueKind.Backup, 1, 1);
    private readonly Operand folder = new(
        "PATH", "A file or folder inside the backup, beginning with the name of its source.", ValueKind.Text, 0, 1);
    private readonly Flag details = new("--long", "With mode, owner, size and time.", "-l");
    private readonly Flag shallow = new("--shallow", "Not what lies deeper than the folder itself.");

    public static LarderCommand Create() => new LsCommand().Build();

    private LarderCommand Build() => new("ls", "List the files in a backup.")
    {
        Arguments = { place, folder },
        Options = { details, shallow },
        Run = RunAsync,
        TakesRepository = true,
        Details = "Paths begin with the source's name. Odd characters in names are quoted; a path can be typed back as it is shown.",
        Examples =
        [
            new("larder ls latest", "everything"),
            new("larder ls latest code/srv/journal --long", "one folder, with sizes and times"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An array of `path`, `name`, `type` (file, dir, symlink, …), `size_bytes`, `modified_at`, `mode`, `uid`, `gid`, `user`, "
            + "`group`, `link_target`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var backup = await ReadableBackup.OpenAsync(call.Engine, call.ValueOf(place)!, call.Repository, cancellationToken);
        var nodes = BackupTree.ListAsync(backup, call.ValueOf(folder) ?? "", recursive: !call.Has(shallow), cancellationToken);
        if (call.IsJson)
        {
            call.Print(BrowseJson.Write(await nodes.ToListAsync(cancellationToken)));
            return ExitStatus.Done;
        }
        var zone = call.Engine.Library.ZoneOf(backup.Backup?.Job ?? "");
        await foreach (var node in nodes)
        {
            // Written as they come: a backup may hold more files than memory holds lines.
            call.World.Out.Write((call.Has(details) ? LongLine(node, zone) : Named(node)) + "\n");
        }
        await call.World.Out.FlushAsync(cancellationToken);
        return ExitStatus.Done;
    }

    private static string Named(ListedNode node) => TextWidth.Plain(node.Path);

    private static string LongLine(ListedNode node, TimeZoneInfo zone)
    {
        var owner = $"{node.User ?? $"{node.Uid}"}:{node.Group ?? $"{node.Gid}"}";
        var link = node.LinkTarget is { } target ? $" -> {target}" : "";
        return TextWidth.Plain(
            $"{node.Mode}  {owner,-17}  {Show.Bytes(node.SizeBytes),9}  {Show.Moment(node.ModifiedAt, zone)}  {node.Path}{link}");
    }
}
