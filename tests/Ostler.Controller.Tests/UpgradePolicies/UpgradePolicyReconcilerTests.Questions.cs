namespace Ostler.Controller.Tests.UpgradePolicies;

/// <content>When what a plan asks is asked.</content>
public sealed partial class UpgradePolicyReconcilerTests
{
    /// <summary>It is not due when the plan is made, and due when the next pass is scheduled: nothing else would ask it.</summary>
    [Fact]
    public async Task A_question_that_becomes_due_during_a_pass_is_asked_in_the_next_one()
    {
        GivenStaged();
        _eviction = 429;
        var reconciler = Reconciler();
        await reconciler.ReconcileAsync("edge", Given.Cancel);
        var at = _answers.With(new() { Name = "a", Uid = "uid-a" }).Preflight!.At;
        _time.Advance(at + TimeSpan.FromSeconds(30) - _time.GetUtcNow() - TimeSpan.FromMilliseconds(50));
        _time.AutoAdvanceAmount = TimeSpan.FromMilliseconds(100);

        var next = await reconciler.ReconcileAsync("edge", Given.Cancel);

        Assert.True(next.RequeueAfter <= TimeSpan.FromSeconds(1), $"{next.RequeueAfter}");
    }
}
