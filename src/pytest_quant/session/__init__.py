"""What a session does, without pytest: plan, measure, judge, conclude."""
