namespace Ostler.Rollout.Plan;

/// <summary>How far the nodes have come that go back because others failed.</summary>
/// <param name="Back">Run their former tree again.</param>
/// <param name="UnderWay">Hold a slot for it.</param>
/// <param name="Waiting">Will get one.</param>
/// <param name="Stuck">Cannot, or could not, go back before a person acts.</param>
/// <param name="Gate">Why no further one is taken back now.</param>
public sealed record RollbackProgress(int Back, int UnderWay, int Waiting, int Stuck, RolloutGate? Gate)
{
    /// <summary>Whether nothing more will happen by itself.</summary>
    public bool IsOver => UnderWay + Waiting == 0;

    /// <summary>For people.</summary>
    public string Message =>
        $"{Back} of {Back + UnderWay + Waiting + Stuck} updated nodes rolled back{(Stuck > 0 ? $", {Stuck} cannot" : "")}.";
}
