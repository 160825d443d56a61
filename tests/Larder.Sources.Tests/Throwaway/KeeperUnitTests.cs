using Larder.Sources.Throwaway;

namespace Larder.Sources.Tests.Throwaway;

/// <summary>Whether systemd is asked to start a keeper; that it then does is tried by `eng/try-systemd`.</summary>
public sealed class KeeperUnitTests
{
    [Theory]
    [InlineData("CapEff:\t000001ffffffffff", true)]
    [InlineData("CapEff:\t00000000000000e0", true)] // Kill, setgid, setuid.
    [InlineData("CapEff:\t00000000000000c0", false)]
    [InlineData("CapEff:\t00000000000000a0", false)]
    [InlineData("CapEff:\t000000000000001f", false)] // As larder.service has it.
    [InlineData("CapEff:\t0000000000000000", false)]
    public void A_process_may_change_accounts_only_with_all_three_capabilities(string line, bool may) =>
        Assert.Equal(may, KeeperUnit.MayChangeAccounts(["Name:\tlarder", "CapPrm:\t000001ffffffffff", line, "CapBnd:\t000001ffffffffff"]));

    [Theory]
    [InlineData("0::/system.slice/larder.service", "larder.service")]
    [InlineData("0::/system.slice/larder-journal-drill.service", "larder-journal-drill.service")]
    [InlineData("12:cpu:/x.service|1:name=systemd:/system.slice/larder.service|0::/", "larder.service")]
    [InlineData("0::/system.slice/larder.service/inner", "larder.service")]
    [InlineData("0::/user.slice/user-0.slice/session-3.scope", null)]
    [InlineData("0::/", null)]
    public void The_service_that_a_process_belongs_to_stands_in_its_cgroup(string cgroups, string? unit) =>
        Assert.Equal(unit, KeeperUnit.UnitOf(cgroups.Split('|')));

    [Fact]
    public async Task Outside_of_a_service_the_keeper_is_started_as_ever() =>
        Assert.Equal(
            ["/usr/bin/setsid", "/bin/sh", "-c", "echo $1"],
            await KeeperUnit.CommandAsync("/usr/bin/setsid", ["/bin/sh", "-c", "echo $1"], "/tmp", TestContext.Current.CancellationToken));
}
