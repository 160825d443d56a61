namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Gives what stands on a server another name in its database. A collection is renamed, by one command. A view cannot be: the same one is
/// made under the other name, and then the first one dropped. Of a time series the buckets are renamed, which is when its documents move;
/// then it is made of them under the other name, and what shows no buckets any more is dropped. Functions are copied. Each command is on
/// the disks of most members when it returns.
/// </summary>
/// <param name="connection">To the server.</param>
/// <param name="standing">What stands there, which is kept true.</param>
/// <param name="afterCall">Told of each command that has changed something.</param>
internal sealed class CollectionMoves(RestoreConnection connection, StandingNames standing, Action<string>? afterCall)
{
    /// <summary>Something must stand under the first name and nothing under the other, save functions, which are written over.</summary>
    public async Task MoveAsync(FullName from, FullName to)
    {
        if (from.IsFunctions)
        {
            await CopyFunctionsAsync(from, to);
            return;
        }
        if (to.IsFunctions)
        {
            await WriteFunctionsAsync(from, to);
            return;
        }
        switch (standing.KindOf(from))
        {
            case StandingKind.View:
                await CreateAsync(to, "view", standing.OptionsOf(from));
                await DropAsync(from);
                break;
            case StandingKind.TimeSeries:
                await RenameAsync(from.Buckets, to.Buckets);
                await MendAsync(to);
                await MendAsync(from);
                break;
            default:
                await RenameAsync(from, to);
                break;
        }
    }

    /// <summary>Finishes what somebody who was ended has begun with a time series. Anything else is left as it is.</summary>
    public async Task MendAsync(FullName name)
    {
        switch (standing.KindOf(name))
        {
            case StandingKind.BucketsOnly:
                // The server finds the buckets there, and makes only what shows them (tried on 7.0).
                await CreateAsync(name, "timeseries", TimeSeriesOptions.FromBuckets(standing.OptionsOf(name.Buckets).Span));
                break;
            case StandingKind.Hollow:
                await DropAsync(name);
                break;
            default:
                break;
        }
    }

    public async Task DropAsync(FullName name)
    {
        await connection.DropAsync(name, CancellationToken.None);
        standing.NoteDropped(name);
        afterCall?.Invoke($"drop {name}");
    }

    private async Task RenameAsync(FullName from, FullName to)
    {
        await connection.RunAsync(
            "admin",
            writer =>
            {
                writer.String("renameCollection", from.ToString());
                writer.String("to", to.ToString());
                writer.WaitForDisk();
            },
            $"could not rename {from} to {to}",
            CancellationToken.None);
        standing.NoteRenamed(from, to);
        afterCall?.Invoke($"rename {from} to {to}");
    }

    private async Task CreateAsync(FullName name, string type, ReadOnlyMemory<byte> options)
    {
        await connection.CreateAsync(name, options, $"could not create the {type} {name}", CancellationToken.None);
        standing.NoteMade(name, type, options);
        afterCall?.Invoke($"create {name}");
    }

    // $out makes the copy under a name of its own and renames it in the end, so it is there as a whole or not at all.
    private async Task CopyFunctionsAsync(FullName from, FullName to)
    {
        await connection.RunAsync(
            from.Database,
            writer =>
            {
                writer.String("aggregate", from.Name);
                writer.StartArray("pipeline");
                writer.StartDocument();
                writer.String("$out", to.Name);
                writer.End();
                writer.End();
                writer.StartDocument("cursor");
                writer.End();
                writer.WaitForDisk();
            },
            $"could not copy {from} to {to}",
            CancellationToken.None);
        standing.NoteMade(to, "collection", Bson.Empty);
        afterCall?.Invoke($"copy {from} to {to}");
    }

    private async Task WriteFunctionsAsync(FullName from, FullName to)
    {
        await new FunctionsInPlace(connection, afterCall).WriteAsync(from, to);
        standing.NoteMade(to, "collection", Bson.Empty);
        await DropAsync(from);
    }
}
