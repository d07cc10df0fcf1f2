using Ostler.Api.Meta;

namespace Ostler.Api.Tests;

public class ConditionsTests
{
    private static readonly DateTimeOffset Then = new(2026, 11, 1, 10, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, 700, TimeSpan.FromHours(2));

    [Fact]
    public void A_condition_keeps_its_time_while_its_status_is_the_same_whatever_else_changes()
    {
        var carried = Conditions.Carry([Make("Ready", ConditionStatus.False, "Before") with { LastTransitionTime = Then }], [Make("Ready", ConditionStatus.False, "After")], 7, Now);

        Assert.Equal(Make("Ready", ConditionStatus.False, "After") with { LastTransitionTime = Then, ObservedGeneration = 7 }, Assert.Single(carried));
    }

    [Fact]
    public void A_condition_whose_status_changes_gets_the_present_time_in_whole_seconds_of_UTC()
    {
        var carried = Conditions.Carry([Make("Ready", ConditionStatus.False) with { LastTransitionTime = Then }], [Make("Ready", ConditionStatus.True)], 1, Now);

        Assert.Equal(new DateTimeOffset(2026, 11, 1, 10, 0, 0, TimeSpan.Zero), carried[0].LastTransitionTime);
        Assert.Equal(TimeSpan.Zero, carried[0].LastTransitionTime.Offset);
    }

    [Fact]
    public void A_condition_that_is_new_gets_the_present_time_and_one_that_is_not_wanted_goes()
    {
        var carried = Conditions.Carry([Make("Stalled", ConditionStatus.True)], [Make("Ready", ConditionStatus.True)], 1, Now);

        Assert.Equal("Ready", Assert.Single(carried).Type);
        Assert.Equal(Now.TruncateToSeconds(), carried[0].LastTransitionTime);
    }

    [Fact]
    public void Without_former_conditions_all_are_new() =>
        Assert.Equal(Now.TruncateToSeconds(), Assert.Single(Conditions.Carry(null, [Make("Ready", ConditionStatus.Unknown)], 1, Now)).LastTransitionTime);

    [Fact]
    public void Ready_comes_first_and_the_rest_by_type()
    {
        var carried = Conditions.Carry(null, [Make("Stalled", ConditionStatus.True), Make("Accepted", ConditionStatus.True), Make("Ready", ConditionStatus.True)], 1, Now);

        Assert.Equal(["Ready", "Accepted", "Stalled"], carried.Select(c => c.Type));
    }

    [Fact]
    public void Carrying_twice_changes_nothing()
    {
        Condition[] wanted = [Make("Ready", ConditionStatus.True), Make("Accepted", ConditionStatus.False)];
        var once = Conditions.Carry(null, wanted, 1, Now);

        Assert.Equal(once, Conditions.Carry(once, wanted, 1, Now.AddHours(3)));
    }

    [Fact]
    public void Find_and_IsTrue_bear_with_lists_that_are_missing_or_lack_the_type()
    {
        Assert.Null(Conditions.Find(null, "Ready"));
        Assert.False(Conditions.IsTrue(null, "Ready"));
        IReadOnlyList<Condition> conditions = [Make("Ready", ConditionStatus.Unknown)];
        Assert.NotNull(conditions.Find("Ready"));
        Assert.False(conditions.IsTrue("Ready"));
        Assert.Null(conditions.Find("ready"));
    }

    private static Condition Make(string type, ConditionStatus status, string reason = "Because") => new() { Type = type, Status = status, Reason = reason };
}
