using BenchmarkDotNet.Running;
using Larder.Bench;

// Named commands make data for bench/compare, or measure one thing that no program tells; anything else goes to the kernels.
switch (args)
{
    case ["generate-dump", var bytes, var seed]:
        await using (var output = Console.OpenStandardOutput())
        {
            await DumpText.WriteAsync(output, long.Parse(bytes), ulong.Parse(seed));
        }

        return 0;

    case ["generate-tree", var folder, var count, var seed]:
        await CodeTree.WriteAsync(folder, int.Parse(count), ulong.Parse(seed));
        return 0;

    case ["generate-bson", var folder, var bytes, var seed, var firstId]:
        await BsonDump.WriteAsync(folder, long.Parse(bytes), ulong.Parse(seed), long.Parse(firstId));
        return 0;

    case ["with-server", var engine, .. { Length: > 0 } command]:
        return await WithServer.RunAsync(engine, command);

    case ["generate-index-text", var folder, var blobs, var seed]:
        await IndexText.WriteAsync(folder, long.Parse(blobs), ulong.Parse(seed));
        return 0;

    case ["generate-index", var folder, var password, var blobs, var seed]:
        await LargeIndex.GenerateAsync(folder, password, long.Parse(blobs), ulong.Parse(seed));
        return 0;

    case ["index-load", var folder, var password]:
        await LargeIndex.MeasureAsync(folder, password);
        return 0;

    case ["commands"]:
        Console.WriteLine(
            """
            generate-dump BYTES SEED
            generate-tree FOLDER COUNT SEED
            generate-bson FOLDER BYTES SEED FIRST_ID
            with-server postgresql|mongodb|mysql COMMAND...
            generate-index-text FOLDER BLOBS SEED
            generate-index REPOSITORY PASSWORD BLOBS SEED
            index-load REPOSITORY PASSWORD
            quick
            kernels [BENCHMARKDOTNET ARGUMENTS]
            """);
        return 0;

    case ["quick"]:
        QuickLook.Run();
        return 0;

    case ["kernels", .. var rest]:
        BenchmarkSwitcher.FromAssembly(typeof(DumpText).Assembly).Run(rest);
        return 0;

    default:
        Console.Error.WriteLine("usage: Larder.Bench COMMAND; `Larder.Bench commands` lists them.");
        return 2;
}
