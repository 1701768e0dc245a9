// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Everybody has all that can be written, and all of it moves all the time.
contract Liar {
    uint256 public constant totalSupply = 1;
    uint8 public constant decimals = 18;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    function balanceOf(address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function tell(address pool) external {
        emit Transfer(address(0), msg.sender, type(uint256).max);
        for (uint160 i = 1; i < 40; i++) {
            emit Transfer(pool, address(i << 100), type(uint256).max);
        }
    }
}
