using System.Globalization;
using System.Text;
using Larder.Sources.Command;

namespace Larder.Sources.Tests.Command;

public sealed class CommandContractTests : SourceContract
{
    // Every process of this test has this word in its arguments, so that those left behind can be found.
    private readonly string mark = $"larder-contract-{Guid.NewGuid():N}";

    protected override ISource Create() => new CommandSource(
        new CommandSettings { Run = $"sh -c 'seq 1 100000' {mark}", Name = "numbers.txt" }, TimeProvider.System);

    protected override ISource CreateMissing() =>
        new CommandSource(new CommandSettings { Run = "/nowhere/dump-tool --all" }, TimeProvider.System);

    protected override SourceError MissingError => SourceError.ToolFailed; // The shell is there; what it shall run is not.

    protected override Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        var expected = string.Concat(Enumerable.Range(1, 100000).Select(n => n.ToString(CultureInfo.InvariantCulture) + "\n"));
        Assert.Equal("numbers.txt", Assert.Single(files).Key);
        Assert.Equal(expected, Encoding.ASCII.GetString(files["numbers.txt"]));
        return Task.CompletedTask;
    }

    protected override IReadOnlyList<string> FindLeftovers() => RunningProcesses.FindByArgument(mark);
}
