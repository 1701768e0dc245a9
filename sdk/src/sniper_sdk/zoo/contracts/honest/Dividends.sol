// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: ether that is sent here belongs to the holders, in proportion, and they withdraw it.
contract Dividends is StandardToken {
    uint256 private constant SCALE = 2 ** 128;
    uint256 private perToken;
    mapping(address holder => int256) private corrections;
    mapping(address holder => uint256) public withdrawn;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    receive() external payable {
        perToken += (msg.value * SCALE) / totalSupply();
    }

    function accumulative(address holder) public view returns (uint256) {
        return uint256(int256(perToken * balances[holder]) + corrections[holder]) / SCALE;
    }

    function withdraw() external {
        uint256 due = accumulative(msg.sender) - withdrawn[msg.sender];
        withdrawn[msg.sender] += due;
        (bool done,) = msg.sender.call{value: due}("");
        require(done, "not paid");
    }

    function _update(address from, address to, uint256 value) internal override {
        int256 moved = int256(perToken * value);
        corrections[from] += moved;
        corrections[to] -= moved;
        _write(from, to, value);
    }
}
