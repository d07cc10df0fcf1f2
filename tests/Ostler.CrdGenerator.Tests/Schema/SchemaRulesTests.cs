using Ostler.Api.Meta;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Tests.Schema;

/// <summary>What must hold for every field of every resource, present and future.</summary>
public sealed class SchemaRulesTests
{
    [Fact]
    public void Every_field_is_described()
    {
        var bare = FieldTree.All
            .Where(field => field.Value.Description.Length == 0 && !field.Key.EndsWith("[]", StringComparison.Ordinal) && !field.Key.EndsWith("{}", StringComparison.Ordinal))
            .Select(field => field.Key);

        Assert.Empty(bare);
    }

    [Fact]
    public void Every_word_of_an_enum_is_described() =>
        Assert.Empty(FieldTree.All.SelectMany(field => field.Value.Members.Where(member => member.Description.Length == 0).Select(member => $"{field.Key}: {member.Name}")));

    /// <summary>
    /// kubectl reads YAML 1.1, in which such a word is true, false or nothing: a field of that name is dropped, or refused as "true".
    /// </summary>
    [Fact]
    public void No_name_and_no_word_is_something_else_in_YAML()
    {
        string[] taken = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

        // The status of a condition is True or False everywhere, and written by programs.
        Assert.Empty(FieldTree.All.Where(value => value.Value.Type != typeof(ConditionStatus)).SelectMany(value => value.Value.Fields.Select(field => field.Name).Concat(value.Value.Members.Select(member => member.Name))
            .Where(word => taken.Contains(word, StringComparer.OrdinalIgnoreCase)).Select(word => $"{value.Key}: {word}")));
    }

    [Fact]
    public void Descriptions_are_sentences() =>
        Assert.Empty(FieldTree.All.Where(field => field.Value.Description is { Length: > 0 } text && text[^1] is not ('.' or ')')).Select(field => $"{field.Key}: {field.Value.Description}"));

    /// <summary>
    /// One writer must not fill the store, or what other writers copy from it. A pattern bounds a string if nothing in it repeats without
    /// end.
    /// </summary>
    [Fact]
    public void Every_string_is_bounded()
    {
        var endless = from field in FieldTree.All
                      where field.Value is { Kind: ValueKind.String, MaxLength: null }
                          && field.Value.Pattern?.AsSpan().IndexOfAny('*', '+') is not < 0
                      where !(field.Key.Count(c => c == '.') == 1 && (field.Key.EndsWith(".apiVersion", StringComparison.Ordinal)
                          || field.Key.EndsWith(".kind", StringComparison.Ordinal)))
                      select field.Key;

        Assert.Empty(endless);
    }

    [Fact]
    public void What_has_a_default_is_not_required() =>
        Assert.Empty(FieldTree.All.SelectMany(parent => parent.Value.Fields.Where(field => field.IsRequired && field.Value.Default is not null).Select(field => $"{parent.Key}.{field.Name}")));

    [Fact]
    public void The_keys_of_a_list_are_required_in_its_items()
    {
        var loose = from list in FieldTree.All
                    from key in list.Value.ListMapKeys
                    where !list.Value.Items!.Fields.Any(field => field.Name == key && field.IsRequired)
                    select $"{list.Key} by {key}";

        Assert.Empty(loose);
    }

    /// <summary>
    /// An API server refuses a CRD whose rules could cost too much, and without a limit it reckons with lists as long as a request.
    /// </summary>
    [Fact]
    public void Lists_around_a_rule_are_limited()
    {
        var endless = from rule in FieldTree.All
                      where rule.Value.Rules.Count > 0
                      from list in FieldTree.All
                      where list.Value is { Kind: ValueKind.List, MaxItems: null } && rule.Key.StartsWith($"{list.Key}[]", StringComparison.Ordinal)
                      select $"{list.Key} around the rule on {rule.Key}";

        Assert.Empty(endless);
    }

    [Fact]
    public void Rules_have_a_message_that_fits_after_the_name_of_the_field()
    {
        var rules = FieldTree.All.SelectMany(field => field.Value.Rules.Select(rule => (field.Key, rule.Message))).ToList();

        Assert.NotEmpty(rules);
        Assert.All(rules, rule => Assert.False(rule.Message.EndsWith('.') || rule.Message.Contains('\n', StringComparison.Ordinal), $"{rule.Key}: {rule.Message}"));
    }

    /// <summary>
    /// A rule compares with the old object; where the field may be absent there is none to compare with, and the rule is silently skipped.
    /// </summary>
    [Fact]
    public void Rules_on_changes_stand_on_required_fields()
    {
        var skipped = from field in FieldTree.All
                      where field.Value.Rules.Any(rule => rule.Rule.Contains("oldSelf", StringComparison.Ordinal))
                      let dot = field.Key.LastIndexOf('.')
                      where dot < 0 || !FieldTree.All[field.Key[..dot]].Fields.Any(f => f.Name == field.Key[(dot + 1)..] && f.IsRequired)
                      select field.Key;

        Assert.Empty(skipped);
    }
}
