using System.Text;
using Larder.Sources.MySql;
using Larder.Sources.MySql.Restore;

namespace Larder.Sources.Tests.MySql;

public sealed class KeptNamesTests
{
    [Fact]
    public void All_names_of_a_restore_fit_and_are_told_from_those_of_others()
    {
        var live = new string('n', 64);
        var first = KeptNames.Beside(live, "0badcafe", []);
        var second = KeptNames.Beside(live, "0badcafe", [first]);
        Assert.NotEqual(first, second);
        foreach (var name in new[] { first, second }.SelectMany(one => new[] { one, KeptNames.Old(one), KeptNames.Mark(one) }))
        {
            Assert.InRange(name.Length, 1, 64);
            Assert.True(KeptNames.IsKept(name), name);
        }
        Assert.All(["shop", "larder", "shop_larder_old", "larder_drill_0badcafe"], name => Assert.False(KeptNames.IsKept(name), name));
    }

    [Fact]
    public void A_view_is_moved_but_for_what_stands_in_quotes()
    {
        var moved = AfterStatement.MoveView("CREATE VIEW `v` AS select `a`.`t`.`é`, '`a`.`t`', 'it''s `a`.' from `a`.`t` join `aa`.`a`"u8, "a", "b``");
        Assert.Equal(
            "CREATE VIEW `v` AS select `b`````.`t`.`é`, '`a`.`t`', 'it''s `a`.' from `b`````.`t` join `aa`.`a`", Encoding.UTF8.GetString(moved));
    }
}
