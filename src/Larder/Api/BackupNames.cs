using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Finds the backup that an address or a body names, among those that the caller may see.</summary>
internal static class BackupNames
{
    public static async Task<IEnumerable<ListedBackup>> VisibleAsync(ApiCall call)
    {
        var engine = await call.Services.EngineAsync(call.Cancelled);
        return (await call.Services.Backups.GetAsync(engine, call.Cancelled)).Where(one => call.Caller.MaySee(one.Backup.Job));
    }

    /// <exception cref="LarderException"><see cref="EngineError.UnknownBackup"/> and its like; what the caller may not see is unknown.
    /// </exception>
    public static async Task<Backup> ResolveAsync(ApiCall call, string name)
    {
        var parsed = BackupName.Parse(ListedBackup.NameIn(name)); // What is no name at all is refused before anything is read.
        return parsed.Resolve((await VisibleAsync(call)).Select(one => one.Backup));
    }
}
