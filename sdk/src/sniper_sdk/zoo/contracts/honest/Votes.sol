// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: holders delegate votes, whose history is kept by block.
contract Votes is StandardToken {
    struct Checkpoint {
        uint48 block_;
        uint208 votes;
    }

    mapping(address holder => address) public delegates;
    mapping(address delegatee => Checkpoint[]) private history;

    event DelegateChanged(address indexed delegator, address indexed from, address indexed to);

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function delegate(address to) external {
        address before = delegates[msg.sender];
        delegates[msg.sender] = to;
        emit DelegateChanged(msg.sender, before, to);
        _moveVotes(before, to, balances[msg.sender]);
    }

    function getVotes(address account) public view returns (uint256) {
        uint256 length = history[account].length;
        return length == 0 ? 0 : history[account][length - 1].votes;
    }

    function getPastVotes(address account, uint256 block_) external view returns (uint256) {
        require(block_ < block.number, "not yet known");
        for (uint256 i = history[account].length; i > 0; i--) {
            if (history[account][i - 1].block_ <= block_) return history[account][i - 1].votes;
        }
        return 0;
    }

    function _update(address from, address to, uint256 value) internal override {
        _write(from, to, value);
        _moveVotes(delegates[from], delegates[to], value);
    }

    function _moveVotes(address from, address to, uint256 value) private {
        if (from == to) return;
        if (from != address(0)) _record(from, getVotes(from) - value);
        if (to != address(0)) _record(to, getVotes(to) + value);
    }

    function _record(address account, uint256 votes) private {
        history[account].push(Checkpoint(uint48(block.number), uint208(votes)));
    }
}
